//! How often: guesses and messages.

use serde_json::json;

use super::{CODES, always, associate, enrol, enrol_app, log_in, verify_oob, wrong};
use crate::rig::{RECOVERY_GRANT, Rig};

const CLOSED: &str = "429 too_many_attempts: Too many failed codes. Wait for some minutes before retrying.";

#[tokio::test]
async fn guesses_are_counted_for_the_user_whatever_the_factor_and_the_token() {
    for factor in CODES {
        let rig = always("").await;
        let id = enrol(&rig, factor).await;
        let mfa_token = log_in(&rig).await;
        let ask = json!({ "authenticator_id": id });
        let oob_code = rig.challenge(&mfa_token, &ask).await.text("oob_code");
        let code = factor.code(&rig).await;
        for _ in 0..10 {
            let refused = verify_oob(&rig, &mfa_token, &oob_code, &wrong(&code)).await;
            assert_eq!(refused.failure(), "403 invalid_grant: Invalid binding_code.");
        }
        let closed = verify_oob(&rig, &mfa_token, &oob_code, &code).await;
        assert_eq!(closed.failure(), CLOSED, "even the right one");
        assert_eq!(closed.header("retry-after"), "360");
        rig.advance(100);
        assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, &code).await.header("retry-after"), "260");
        let another = log_in(&rig).await;
        let oob_code = rig.challenge(&another, &ask).await.text("oob_code");
        let code = factor.code(&rig).await;
        assert_eq!(
            verify_oob(&rig, &another, &oob_code, &code).await.failure(),
            CLOSED,
            "a token fills nothing"
        );
        assert!(rig.log().await.contains(&"gd_otp_rate_limit_exceed".to_owned()));
        rig.advance(260);
        let later = log_in(&rig).await;
        let oob_code = rig.challenge(&later, &ask).await.text("oob_code");
        let code = factor.code(&rig).await;
        assert_eq!(verify_oob(&rig, &later, &oob_code, &code).await.status, 200);
    }
}

#[tokio::test]
async fn a_limit_of_nought_is_none() {
    let [sms, ..] = CODES;
    let rig = always("{ code_attempts: 0, phone_sends: 0, email_sends: 0, push_sends: 0 }").await;
    let id = enrol(&rig, sms).await;
    let mfa_token = log_in(&rig).await;
    let ask = json!({ "authenticator_id": id });
    for _ in 0..15 {
        assert_eq!(rig.challenge(&mfa_token, &ask).await.status, 200);
    }
    let oob_code = rig.challenge(&mfa_token, &ask).await.text("oob_code");
    let code = sms.code(&rig).await;
    for _ in 0..15 {
        let refused = verify_oob(&rig, &mfa_token, &oob_code, &wrong(&code)).await;
        assert_eq!(refused.failure(), "403 invalid_grant: Invalid binding_code.");
    }
    assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, &code).await.status, 200);
}

#[tokio::test]
async fn limits_are_as_large_as_one_likes() {
    let rig = always("{ code_attempts: 2, code_refill: 10 }").await;
    let secret = enrol_app(&rig).await;
    let mfa_token = log_in(&rig).await;
    let right = rig.code(&secret);
    for _ in 0..2 {
        let refused = rig.verify_otp(&mfa_token, &wrong(&right)).await;
        assert_eq!(refused.failure(), "403 invalid_grant: Invalid otp_code.");
    }
    let closed = rig.verify_otp(&mfa_token, &right).await;
    assert_eq!((&*closed.failure(), closed.header("retry-after")), (CLOSED, "10"));
    rig.advance(10);
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&secret)).await.status, 200);
}

#[tokio::test]
async fn ten_messages_and_one_more_every_hour() {
    for factor in CODES {
        let rig = always("{ mfa_token_lifetime: 86400 }").await;
        let id = enrol(&rig, factor).await;
        let mfa_token = log_in(&rig).await;
        let ask = json!({ "authenticator_id": id });
        for number in 2..=10 {
            assert_eq!(rig.challenge(&mfa_token, &ask).await.status, 200, "{number}");
        }
        let refused = rig.challenge(&mfa_token, &ask).await;
        let words = if factor.kind == "email" { "emails sent to" } else { "SMS sent by" };
        let too_many = format!("Too many {words} the user. Wait for some minutes before retrying.");
        assert_eq!(refused.failure(), format!("429 too_many_attempts: {too_many}"));
        assert_eq!(refused.header("retry-after"), "3600");
        let event = format!("gd_send_{}_failure", factor.name);
        assert!(rig.log().await.contains(&event));
        if factor.kind == "phone" {
            let other = if factor.name == "sms" { "voice" } else { "sms" };
            let other = json!({ "authenticator_id": id.replace(factor.name, other) });
            assert_eq!(rig.challenge(&mfa_token, &other).await.status, 429, "one bucket for both channels");
        }
        rig.advance(3600);
        assert_eq!(rig.challenge(&mfa_token, &ask).await.status, 200);
        let refused = rig.challenge(&mfa_token, &ask).await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, "3600"));
    }
}

#[tokio::test]
async fn an_enrolment_is_a_message_too() {
    let rig = always("{ phone_sends: 1, email_sends: 1 }").await;
    for factor in CODES.into_iter().filter(|it| it.name != "voice") {
        let mfa_token = log_in(&rig).await;
        assert_eq!(associate(&rig, &mfa_token, &factor.associate()).await.status, 200);
        let held = rig.authenticators(&mfa_token).await.value();
        let refused = associate(&rig, &mfa_token, &factor.associate()).await;
        let words = if factor.kind == "email" { "emails sent to" } else { "SMS sent by" };
        let too_many = format!("Too many {words} the user. Wait for some minutes before retrying.");
        assert_eq!(refused.failure(), format!("400 invalid_request: {too_many}"));
        assert_eq!(rig.authenticators(&mfa_token).await.value(), held, "nothing was kept");
    }
}

#[tokio::test]
async fn recovery_codes_have_a_bucket_of_their_own() {
    let rig = Rig::start().await;
    let enrolled = rig.enrol().await;
    let mfa_token = rig.step_up(&enrolled).await;
    let try_code = async |code: &str| {
        let fields =
            [("grant_type", RECOVERY_GRANT), ("mfa_token", mfa_token.as_str()), ("recovery_code", code)];
        rig.token(&fields).await
    };
    for _ in 0..10 {
        let refused = try_code("17EQHNZC2SZDYG7X4QXVX9SW").await;
        assert_eq!(refused.failure(), "403 invalid_grant: MFA Authorization rejected.");
    }
    let closed = try_code(&enrolled.recovery_code).await;
    assert_eq!((&*closed.failure(), closed.header("retry-after")), (CLOSED, "360"));
    let log = rig.log().await;
    for kind in ["gd_recovery_failed", "gd_recovery_rate_limit_exceed", "fercft"] {
        assert!(log.iter().any(|it| it == kind), "{kind} in {log:?}");
    }
    assert_eq!(
        rig.verify_otp(&mfa_token, &rig.code(&enrolled.secret)).await.status,
        200,
        "the app still works"
    );
}
