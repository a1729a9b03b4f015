//! Virtual devices, as a Rust test uses them.

use serde_json::json;
use stepup_tenant::devices::{Decision, DeviceError, DeviceKind};

use crate::rig::{API, OOB_GRANT, Rig};

/// A push enrolment of Ada: what is in its QR code, and the `mfa_token` and `oob_code` that wait for the phone.
async fn begun(rig: &Rig) -> (String, String, String) {
    let refresh_token = rig.refresh_token().await;
    let mfa_token = rig.refresh(&refresh_token, &[("audience", API)]).await.mfa_token();
    let wanted = json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] });
    let begun = rig.json("/mfa/associate", Some(&mfa_token), &wanted).await;
    (begun.text("barcode_uri"), mfa_token, begun.text("oob_code"))
}

#[tokio::test]
async fn a_phone_scans_is_asked_and_answers() {
    let rig = Rig::start().await;
    let (barcode_uri, mfa_token, oob_code) = begun(&rig).await;
    let poll = [("grant_type", OOB_GRANT), ("mfa_token", &mfa_token), ("oob_code", &oob_code)];
    assert_eq!(rig.token(&poll).await.text("error"), "authorization_pending");
    let phone = rig.tenant.scan(&barcode_uri).await.unwrap();
    assert_eq!(phone.kind, DeviceKind::Push);
    rig.advance(5);
    let enrolled = rig.token(&poll).await;
    assert_eq!(enrolled.status, 200, "{}", enrolled.body);
    assert_eq!(rig.tenant.push_requests().await.unwrap(), []);

    for (decision, outcome) in [(Decision::Approve, 200), (Decision::Deny, 400)] {
        let refresh_token = rig.refresh_token().await;
        let mfa_token = rig.refresh(&refresh_token, &[("audience", API)]).await.mfa_token();
        let id = format!("push|{}", phone.enrollment_id.as_deref().unwrap());
        let asked =
            rig.challenge(&mfa_token, &json!({ "challenge_type": "oob", "authenticator_id": id })).await;
        let oob_code = asked.text("oob_code");
        let requests = rig.tenant.push_requests().await.unwrap();
        assert_eq!((requests.len(), &requests[0].authenticator_id), (1, &id));
        assert_eq!(requests[0].payload.get("txtkn"), None, "the token is the phone's alone");
        rig.tenant.answer_push(&requests[0].id, decision).await.unwrap();
        let again = rig.tenant.answer_push(&requests[0].id, decision).await.unwrap_err();
        assert!(matches!(again, DeviceError::NothingAsked(_)), "{again}");
        let poll = [("grant_type", OOB_GRANT), ("mfa_token", &mfa_token), ("oob_code", &oob_code)];
        assert_eq!(rig.token(&poll).await.status, outcome, "{decision:?}");
    }
}

#[tokio::test]
async fn a_qr_code_is_scanned_once_and_in_time() {
    let rig = Rig::start().await;
    let (barcode_uri, ..) = begun(&rig).await;
    rig.tenant.scan(&barcode_uri).await.unwrap();
    let again = rig.tenant.scan(&barcode_uri).await.unwrap_err();
    assert!(matches!(again, DeviceError::Refused(_)), "{again}");
    for nonsense in ["", "x", "https://example.com/", "otpauth://totp/x?enrollment_tx_id="] {
        assert!(rig.tenant.scan(nonsense).await.is_err(), "{nonsense}");
    }
    let app = rig.tenant.scan("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").await.unwrap();
    assert_eq!((app.kind, app.enrollment_id), (DeviceKind::Otpauth, None));
}

#[tokio::test]
async fn a_reset_takes_the_devices() {
    let rig = Rig::start().await;
    let (barcode_uri, ..) = begun(&rig).await;
    rig.tenant.scan(&barcode_uri).await.unwrap();
    rig.tenant.reset().await.unwrap();
    assert!(
        matches!(rig.tenant.scan(&barcode_uri).await, Err(DeviceError::Refused(_))),
        "so is the enrolment"
    );
}
