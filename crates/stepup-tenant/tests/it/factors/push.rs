//! Push: a QR code that a phone scans, and questions that it answers.

use serde_json::{Value, json};
use stepup_tenant::model::{Channel, Digest, PushDevice};

use super::{ada, always, associate, enrol_app, log_in, mfa_api, verify_oob};
use crate::rig::{Answer, Config, Rig};

const PENDING: &str =
    "400 authorization_pending: Authorization pending: please repeat the request in a few seconds.";

fn ask() -> Value {
    json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] })
}

fn device() -> PushDevice {
    PushDevice {
        identifier: "device-1".to_owned(),
        name: "Ada's phone".to_owned(),
        push: None,
        public_key: json!({ "kty": "RSA" }),
        token: Digest::of("device token"),
    }
}

/// The ticket in a QR code.
fn ticket(begun: &Answer) -> String {
    let uri = url::Url::parse(&begun.text("barcode_uri")).unwrap();
    uri.query_pairs().find(|(name, _)| name == "enrollment_tx_id").unwrap().1.into_owned()
}

/// A phone scans the QR code; the secret of the app that it shows codes with, if it was the first to scan.
async fn scan(rig: &Rig, ticket: &str) -> Option<String> {
    use secrecy::ExposeSecret as _;
    let (store, now) = (&rig.tenant.state().store, rig.tenant.clock().now());
    let attached = store.attach_device(&Digest::of(ticket), &device(), &["totp"], now).await.unwrap()?;
    match attached.totp.credential {
        stepup_tenant::model::Credential::Totp { secret, .. } => Some(secret.expose_secret().to_owned()),
        other => panic!("not an app: {other:?}"),
    }
}

/// Ada enrols a phone: the secret of its app.
pub(super) async fn enrol(rig: &Rig) -> String {
    let mfa_token = log_in(rig).await;
    let begun = associate(rig, &mfa_token, &ask()).await;
    let secret = scan(rig, &ticket(&begun)).await.unwrap();
    let verified = verify_oob(rig, &mfa_token, &begun.text("oob_code"), "").await;
    assert_eq!(verified.status, 200, "{}", verified.body);
    rig.advance(60);
    secret
}

/// The phone answers the one question that is pending.
async fn answer(rig: &Rig, approved: bool) {
    let (store, now) = (&rig.tenant.state().store, rig.tenant.clock().now());
    let pending = store.pending_pushes(None, now).await.unwrap();
    assert_eq!(pending.len(), 1);
    assert!(store.answer_push(&pending[0].id, approved, now).await.unwrap());
}

#[tokio::test]
async fn a_phone_that_scans_the_code_lets_the_login_go_on() {
    let rig = always("").await;
    let mfa_token = log_in(&rig).await;
    let begun = associate(&rig, &mfa_token, &ask()).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    let mut names: Vec<_> = begun.value().as_object().unwrap().keys().cloned().collect();
    names.sort();
    assert_eq!(names, ["authenticator_type", "barcode_uri", "oob_channel", "oob_code", "recovery_codes"]);
    assert_eq!((begun.text("authenticator_type"), begun.text("oob_channel")), ("oob".into(), "auth0".into()));
    let uri = begun.text("barcode_uri");
    assert!(uri.starts_with("otpauth://totp/stepup:ada%40example.com?enrollment_tx_id="), "{uri}");
    let base = form_urlencoded::byte_serialize(rig.at("/appliance-mfa").as_bytes()).collect::<String>();
    assert!(uri.ends_with(&format!("&base_url={base}")), "{uri}");
    assert_eq!(ticket(&begun).len(), 32);

    let oob_code = begun.text("oob_code");
    assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, "").await.failure(), PENDING);
    let too_fast = verify_oob(&rig, &mfa_token, &oob_code, "").await;
    assert_eq!((too_fast.status, too_fast.text("error").as_str()), (400, "slow_down"));
    rig.advance(1);
    assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, "").await.failure(), PENDING);
    let listed = rig.authenticators(&mfa_token).await.value();
    let pending: Vec<_> = listed.as_array().unwrap().iter().filter(|it| it["active"] == false).collect();
    assert_eq!(pending.len(), 3, "the phone, its app and the recovery code: {listed}");

    assert!(scan(&rig, "x".repeat(32).as_str()).await.is_none());
    let secret = scan(&rig, &ticket(&begun)).await.unwrap();
    assert!(scan(&rig, &ticket(&begun)).await.is_none(), "once");
    let verified = verify_oob(&rig, &mfa_token, &oob_code, "").await;
    assert_eq!(verified.status, 200, "{}", verified.body);

    let mfa_token = log_in(&rig).await;
    let listed = rig.authenticators(&mfa_token).await.value();
    let told = |kind: &str| {
        let found = listed.as_array().unwrap().iter().find(|it| it["type"] == kind).unwrap();
        (found["id"].as_str().unwrap().to_owned(), found["name"].clone(), found["active"].clone())
    };
    let (id, name, active) = told("push-notification");
    assert!(id.starts_with("push|dev_"));
    assert_eq!((name, active), (json!("Ada's phone"), json!(true)));
    let (id, name, active) = told("otp");
    assert!(id.starts_with("totp|dev_"));
    assert_eq!((name, active), (Value::Null, json!(true)));
    let by_app = rig.verify_otp(&mfa_token, &rig.code(&secret)).await;
    assert_eq!(by_app.status, 200, "the app that came along: {}", by_app.body);
}

#[tokio::test]
async fn a_phone_approves() {
    let rig = always("").await;
    enrol(&rig).await;
    let mfa_token = log_in(&rig).await;
    let challenged = rig.challenge(&mfa_token, &json!({ "challenge_type": "oob" })).await;
    let oob_code = challenged.text("oob_code");
    let expected = json!({ "challenge_type": "oob", "oob_code": oob_code });
    assert_eq!(challenged.value(), expected, "no binding method");

    let sent = rig.tenant.state().delivery.inbox().read(None, Some(Channel::Push)).await.unwrap();
    let payload: Value = serde_json::from_str(&sent[0].body).unwrap();
    assert_eq!(payload["sh"], rig.at("/appliance-mfa"));
    assert_eq!(payload["d"], "2026-01-01T00:01:00.000Z");
    assert!(payload["dai"].as_str().unwrap().starts_with("dev_"));
    assert!(payload["txtkn"].as_str().unwrap().len() > 40 && payload["c"].as_str().unwrap().len() > 40);
    let asked = rig.tenant.state().store.pending_pushes(None, rig.tenant.clock().now()).await.unwrap();
    assert!(!format!("{asked:?}").contains(payload["txtkn"].as_str().unwrap()), "not kept");

    assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, "").await.failure(), PENDING);
    answer(&rig, true).await;
    let verified = verify_oob(&rig, &mfa_token, &oob_code, "any text").await;
    assert_eq!(verified.status, 200, "a code is ignored: {}", verified.body);
    assert_eq!(verified.text("scope"), "openid profile offline_access");
    let again = verify_oob(&rig, &mfa_token, &oob_code, "").await;
    assert_eq!(again.failure(), "403 invalid_grant: Malformed mfa_token");
    let log = rig.log().await;
    for kind in ["gd_send_pn", "gd_start_auth", "gd_auth_succeed", "seoobft"] {
        assert!(log.iter().any(|it| it == kind), "{kind} in {log:?}");
    }
    assert!(!log.contains(&"feoobft".to_owned()), "a look is no failure: {log:?}");
}

#[tokio::test]
async fn a_phone_denies_for_good() {
    for (stepup, expected) in [
        ("", "400 access_denied: MFA Authorization rejected."),
        ("{ push_rejected_as_invalid_grant: true }", "403 invalid_grant: MFA Authorization rejected."),
    ] {
        let rig = always(stepup).await;
        enrol(&rig).await;
        let mfa_token = log_in(&rig).await;
        let oob_code = rig.challenge(&mfa_token, &json!({ "challenge_type": "oob" })).await.text("oob_code");
        answer(&rig, false).await;
        for _ in 0..2 {
            assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, "").await.failure(), expected);
        }
        let log = rig.log().await;
        for kind in ["gd_auth_rejected", "feoobft"] {
            assert!(log.iter().any(|it| it == kind), "{kind} in {log:?}");
        }
    }
}

#[tokio::test]
async fn a_question_and_a_qr_code_are_over_after_five_minutes() {
    let rig = always("{ mfa_token_lifetime: 3600, push_poll_interval: 0 }").await;
    let mfa_token = log_in(&rig).await;
    let begun = associate(&rig, &mfa_token, &ask()).await;
    rig.advance(300);
    assert!(scan(&rig, &ticket(&begun)).await.is_none());
    let expired = verify_oob(&rig, &mfa_token, &begun.text("oob_code"), "").await;
    assert_eq!(expired.failure(), "401 expired_token: oob_code is expired");

    enrol(&rig).await;
    let mfa_token = log_in(&rig).await;
    let oob_code = rig.challenge(&mfa_token, &json!({ "challenge_type": "oob" })).await.text("oob_code");
    for _ in 0..3 {
        assert_eq!(
            verify_oob(&rig, &mfa_token, &oob_code, "").await.failure(),
            PENDING,
            "as fast as one likes"
        );
    }
    let (store, now) = (&rig.tenant.state().store, rig.tenant.clock().now());
    let id = store.pending_pushes(None, now).await.unwrap()[0].id.clone();
    rig.advance(300);
    assert!(!store.answer_push(&id, true, rig.tenant.clock().now()).await.unwrap());
    let expired = verify_oob(&rig, &mfa_token, &oob_code, "").await;
    assert_eq!(expired.failure(), "401 expired_token: oob_code is expired");
}

#[tokio::test]
async fn ten_questions_and_no_more() {
    let rig = always("").await;
    enrol(&rig).await;
    let mfa_token = log_in(&rig).await;
    for _ in 0..10 {
        assert_eq!(rig.challenge(&mfa_token, &json!({ "challenge_type": "oob" })).await.status, 200);
    }
    let refused = rig.challenge(&mfa_token, &json!({ "challenge_type": "oob" })).await;
    assert_eq!(
        refused.failure(),
        "429 too_many_attempts: Too many push notifications sent to the user. Wait for some minutes before retrying."
    );
}

/// A phone that was begun with nothing but the password does not become the user's behind their back.
#[tokio::test]
async fn a_planted_phone_is_void_once_the_user_has_a_factor() {
    let rig = always("").await;
    let planted = associate(&rig, &log_in(&rig).await, &ask()).await;
    let secret = enrol_app(&rig).await;
    assert!(scan(&rig, &ticket(&planted)).await.is_none());

    let audience = mfa_api(&rig);
    let fields = [("audience", audience.as_str()), ("scope", "enroll")];
    let mfa_token = rig.password(&fields).await.mfa_token();
    let token = rig.verify_otp(&mfa_token, &rig.code(&secret)).await.text("access_token");
    let begun = associate(&rig, &token, &ask()).await;
    assert!(scan(&rig, &ticket(&begun)).await.is_some(), "with the factor proved it is hers");
    let confirmed = verify_oob(&rig, &token, &begun.text("oob_code"), "").await;
    assert_eq!((confirmed.status, confirmed.value()["expires_in"].as_u64()), (200, Some(600)));
    let again = verify_oob(&rig, &token, &begun.text("oob_code"), "").await;
    assert_eq!(again.failure(), "403 invalid_grant: Malformed oob_code");
}

#[tokio::test]
async fn an_action_may_forbid_the_app_in_place_of_the_phone() {
    const ALLOWED: &str = "exports.onExecutePostLogin = async (event, api) => {
        const has = event.user.enrolledFactors.some((it) => it.type === 'push-notification');
        if (has) api.authentication.challengeWith({ type: 'push-notification' });
        else api.authentication.enrollWith({ type: 'push-notification' });
    };";
    const FORBIDDEN: &str = "exports.onExecutePostLogin = async (event, api) => {
        const has = event.user.enrolledFactors.some((it) => it.type === 'push-notification');
        if (has) api.authentication.challengeWith({ type: 'push-notification', options: { otpFallback: false } });
        else api.authentication.enrollWith({ type: 'push-notification' });
    };";
    for (action, status) in [(ALLOWED, 200), (FORBIDDEN, 403)] {
        let rig = Rig::with(&Config { every_factor: true, ..Config::action(action) }).await;
        let refused = rig.password(&[]).await;
        assert_eq!(
            refused.value()["mfa_requirements"],
            json!({ "enroll": [{ "type": "push-notification" }] })
        );
        let begun = associate(&rig, &refused.mfa_token(), &ask()).await;
        let secret = scan(&rig, &ticket(&begun)).await.unwrap();
        let oob_code = begun.text("oob_code");
        assert_eq!(verify_oob(&rig, &refused.mfa_token(), &oob_code, "").await.status, 200);
        rig.advance(60);
        let mfa_token = rig.password(&[]).await.mfa_token();
        assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&secret)).await.status, status);
    }
}

#[tokio::test]
async fn what_a_phone_was_to_do_ends_with_its_enrolment() {
    let rig = always("").await;
    enrol(&rig).await;
    let (store, user_id) = (&rig.tenant.state().store, ada(&rig).await.user_id);
    let rejected = "403 invalid_grant: MFA Authorization rejected.";

    let mfa_token = log_in(&rig).await;
    let asked = rig.challenge(&mfa_token, &json!({ "challenge_type": "oob" })).await.text("oob_code");
    store.delete_authenticators(&user_id).await.unwrap();
    assert_eq!(store.pending_pushes(None, rig.tenant.clock().now()).await.unwrap(), []);
    assert_eq!(verify_oob(&rig, &mfa_token, &asked, "").await.failure(), rejected);

    let mfa_token = log_in(&rig).await;
    let begun = associate(&rig, &mfa_token, &ask()).await;
    let listed = store.authenticators(&user_id).await.unwrap();
    let phone = listed.iter().find(|it| it.id.starts_with("push|")).unwrap();
    assert!(store.delete_authenticator(&user_id, &phone.id).await.unwrap());
    assert!(scan(&rig, &ticket(&begun)).await.is_none());
    assert_eq!(verify_oob(&rig, &mfa_token, &begun.text("oob_code"), "").await.failure(), rejected);
}
