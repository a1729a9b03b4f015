//! Second factors that are not the caller's.

use serde_json::json;

use super::{EVE, challenge, enrol_app, enrol_phone, mfa_token, rig_for_two, sent_code, verify_oob};
use crate::rig::{ADA, OTP_GRANT, Rig};

#[tokio::test]
async fn replayed_otp() {
    let rig = rig_for_two().await;
    let secret = enrol_app(&rig, ADA).await;
    let code = rig.code(&secret);
    let first = mfa_token(&rig, ADA).await;
    assert_eq!(rig.verify_otp(&first, &code).await.status, 200);
    let second = mfa_token(&rig, ADA).await;
    assert_eq!(rig.verify_otp(&second, &code).await.failure(), "403 invalid_grant: Invalid otp_code.");
    assert_eq!(rig.verify_otp(&first, &code).await.failure(), "403 invalid_grant: Malformed mfa_token");
    rig.advance(30);
    assert_eq!(rig.verify_otp(&second, &code).await.failure(), "403 invalid_grant: Invalid otp_code.");

    // Of many at once with one code, one passes.
    let code = rig.code(&secret);
    let (a, b, c) = (mfa_token(&rig, ADA).await, mfa_token(&rig, ADA).await, mfa_token(&rig, ADA).await);
    let all = tokio::join!(rig.verify_otp(&a, &code), rig.verify_otp(&b, &code), rig.verify_otp(&c, &code));
    let passed = [all.0.status, all.1.status, all.2.status].into_iter().filter(|status| *status == 200);
    assert_eq!(passed.count(), 1);
}

#[tokio::test]
async fn guessed_oob_code() {
    let rig = rig_for_two().await;
    enrol_phone(&rig, ADA, "+15005550006").await;
    let mfa_token = mfa_token(&rig, ADA).await;
    let begun =
        rig.json("/mfa/challenge", None, &challenge(&mfa_token, &json!({ "challenge_type": "oob" }))).await;
    let (oob_code, right) = (begun.text("oob_code"), sent_code(&rig).await);
    for guessed in ["x", "Fe26.2*guess", &oob_code[1..], &format!("{oob_code}x")] {
        let refused = verify_oob(&rig, &mfa_token, guessed, &right).await;
        assert_eq!(refused.failure(), "403 invalid_grant: Malformed oob_code");
    }
    let wrong = if right == "000000" { "111111" } else { "000000" };
    for _ in 0..10 {
        let refused = verify_oob(&rig, &mfa_token, &oob_code, wrong).await;
        assert_eq!(refused.failure(), "403 invalid_grant: Invalid binding_code.");
    }
    let exhausted = "429 too_many_attempts: Too many failed codes. Wait for some minutes before retrying.";
    assert_eq!(
        verify_oob(&rig, &mfa_token, &oob_code, &right).await.failure(),
        exhausted,
        "also the right one"
    );
    // A new transaction is no new bucket.
    let another = super::mfa_token(&rig, ADA).await;
    assert_eq!(verify_oob(&rig, &another, &oob_code, &right).await.status / 100, 4);
}

#[tokio::test]
async fn another_users_authenticator_id() {
    let rig = rig_for_two().await;
    enrol_app(&rig, ADA).await;
    let secret = enrol_app(&rig, EVE).await;
    let of_eve = mfa_token(&rig, EVE).await;
    let of_ada = mfa_token(&rig, ADA).await;
    let id = rig.authenticators(&of_ada).await.at("/0/id");
    assert!(!rig.authenticators(&of_eve).await.body.contains(&id));
    let refused = rig.challenge(&of_eve, &json!({ "challenge_type": "otp", "authenticator_id": id })).await;
    assert_eq!(refused.failure(), "400 invalid_authenticator: Invalid authenticator ID");

    // With a token that may remove authenticators: hers, and nobody else's.
    let audience = format!("{}mfa/", rig.tenant.issuer());
    let fields = [
        ("grant_type", "password"),
        ("username", EVE),
        ("password", crate::rig::PASSWORD),
        ("audience", audience.as_str()),
        ("scope", "read:authenticators remove:authenticators enroll"),
    ];
    let pending = rig.token(&fields).await.mfa_token();
    let token = rig.verify_otp(&pending, &rig.code(&secret)).await;
    let remove = async |bearer: &str| {
        let encoded: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
        let request = rig.http.delete(rig.at(&format!("/mfa/authenticators/{encoded}")));
        rig.send(request.header("authorization", format!("Bearer {bearer}"))).await
    };
    assert_eq!(remove(&token.text("access_token")).await.status, 404);
    assert_eq!(rig.authenticators(&of_ada).await.at("/0/id"), id, "still there");
}

#[tokio::test]
async fn another_clients_mfa_token() {
    let rig = Rig::start().await;
    let refresh_token = rig.refresh_token().await;
    let mfa_token = rig.refresh(&refresh_token, &[("audience", crate::rig::API)]).await.mfa_token();
    let begun = rig.associate(&mfa_token).await;
    let otp = rig.code(&begun.text("secret"));
    let not_yours = "400 invalid_request: mfa_token not issued to this client";
    for client in ["stepup-native", "stepup-spa"] {
        let fields = [
            ("client_id", client),
            ("grant_type", OTP_GRANT),
            ("mfa_token", mfa_token.as_str()),
            ("otp", otp.as_str()),
        ];
        assert_eq!(rig.form("/oauth/token", &fields).await.failure(), not_yours);
        let body = json!({ "client_id": client, "mfa_token": mfa_token, "challenge_type": "otp" });
        assert_eq!(rig.json("/mfa/challenge", None, &body).await.failure(), not_yours);
    }
    assert_eq!(rig.verify_otp(&mfa_token, &otp).await.status, 200, "and its owner's still");
}
