//! Bodies that no client sends.

use serde_json::{Value, json};

use super::{always, associate, log_in};
use crate::rig::{OOB_GRANT, WEBAPP, WEBAPP_SECRET};

/// Values of the wrong type, too long, or meant to do harm.
fn strange() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!({}),
        json!({ "$ne": null }),
        json!([]),
        json!([[]]),
        json!([1, "sms"]),
        json!(""),
        json!("\u{0}"),
        json!("' OR '1'='1"),
        json!("{{code}}<script>alert(1)</script>"),
        json!("+1202555\r\nBcc: x@example.com"),
        json!("\u{202e}\u{1F4F1}".repeat(2000)),
    ]
}

#[tokio::test]
async fn an_association_of_nonsense_is_refused() {
    let rig = always("").await;
    let mfa_token = log_in(&rig).await;
    let good = json!({
        "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+12025550123",
    });
    for member in ["authenticator_types", "oob_channels", "phone_number"] {
        for value in strange() {
            let mut body = good.clone();
            body[member] = value.clone();
            let refused = associate(&rig, &mfa_token, &body).await;
            assert_eq!(refused.status, 400, "{member} {value}: {}", refused.body);
            assert!(!refused.text("error").is_empty() && !refused.text("error_description").is_empty());
        }
    }
    for value in strange().into_iter().filter(|it| it.as_str().is_some_and(|text| !text.is_empty())) {
        let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["email"], "email": value });
        let refused = associate(&rig, &mfa_token, &body).await;
        assert_eq!(refused.failure(), "400 invalid_request: The email is invalid.", "{value}");
    }
    let raw = rig.http.post(rig.at("/mfa/associate")).header("authorization", format!("Bearer {mfa_token}"));
    for body in
        ["", "[]", "{", "null", "{\"authenticator_types\":[\"otp\"],\"authenticator_types\":[\"oob\"]}"]
    {
        let request = raw.try_clone().unwrap().header("content-type", "application/json").body(body);
        let refused = rig.send(request).await;
        assert_eq!((refused.status, refused.text("error").as_str()), (400, "invalid_request"), "{body}");
    }
}

#[tokio::test]
async fn a_challenge_of_nonsense_is_refused_or_ignored() {
    let rig = always("").await;
    super::enrol_app(&rig).await;
    let mfa_token = log_in(&rig).await;
    for member in ["authenticator_id", "challenge_type", "oob_channel"] {
        for value in strange() {
            let answer = rig.challenge(&mfa_token, &json!({ member: value })).await;
            assert!(
                matches!(answer.status, 200 | 400),
                "{member} {value}: {} {}",
                answer.status,
                answer.body
            );
        }
    }
    for value in strange() {
        let body = json!({ "client_id": WEBAPP, "client_secret": WEBAPP_SECRET, "mfa_token": value });
        let refused = rig.json("/mfa/challenge", None, &body).await;
        assert!(matches!(refused.status, 400 | 403), "{value}: {} {}", refused.status, refused.body);
    }
}

#[tokio::test]
async fn a_verification_of_nonsense_is_refused() {
    let [sms, ..] = super::CODES;
    let rig = always("{ code_attempts: 0 }").await;
    let mfa_token = log_in(&rig).await;
    let oob_code = associate(&rig, &mfa_token, &sms.associate()).await.text("oob_code");
    for value in strange() {
        for (member, other) in
            [("oob_code", ("binding_code", json!("123456"))), ("binding_code", ("oob_code", json!(oob_code)))]
        {
            let mut body = json!({
                "client_id": WEBAPP, "client_secret": WEBAPP_SECRET, "grant_type": OOB_GRANT,
                "mfa_token": mfa_token,
            });
            body[member] = value.clone();
            body[other.0] = other.1;
            let refused = rig.json("/oauth/token", None, &body).await;
            assert!(
                matches!(refused.status, 400 | 403),
                "{member} {value}: {} {}",
                refused.status,
                refused.body
            );
            assert!(["invalid_grant", "invalid_request"].contains(&refused.text("error").as_str()));
        }
    }
    let code = sms.code(&rig).await;
    assert_eq!(super::verify_oob(&rig, &mfa_token, &oob_code, &code).await.status, 200, "nothing was spent");
}
