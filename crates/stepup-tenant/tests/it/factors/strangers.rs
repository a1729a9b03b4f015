//! What is not the caller's: another user's authenticator, another client's token, a code of another transaction.

use serde_json::json;

use super::{
    CODES, ada, always, associate, bob, enrol, enrol_app, log_in, log_in_as, mfa_api, verify_oob,
    verify_otp_as,
};
use crate::rig::{OOB_GRANT, WEBAPP};

#[tokio::test]
async fn another_users_authenticator_is_nobodys() {
    for factor in CODES {
        let rig = always("").await;
        bob(&rig).await;
        let id = enrol(&rig, factor).await;
        let his = log_in_as(&rig, "bob@example.com").await;
        for id in [id.clone(), id.replace("sms|", "voice|"), id.replace(factor.name, "phone")] {
            let refused = rig.challenge(&his, &json!({ "authenticator_id": id })).await;
            assert_eq!(refused.failure(), "400 invalid_authenticator: Invalid authenticator ID");
        }
        let hers = log_in(&rig).await;
        let oob_code = rig.challenge(&hers, &json!({ "authenticator_id": id })).await.text("oob_code");
        let code = factor.code(&rig).await;
        assert_eq!(
            verify_oob(&rig, &his, &oob_code, &code).await.failure(),
            "400 invalid_request: The oob_code doesn't match the mfa_token"
        );
        assert_eq!(verify_oob(&rig, &hers, &oob_code, &code).await.status, 200, "and is still hers");
    }
}

#[tokio::test]
async fn another_clients_token_is_refused() {
    let [sms, ..] = CODES;
    let yaml = crate::rig::Config { every_factor: true, ..crate::rig::Config::policy("all-applications") }
        .yaml()
        .replace("grant_types: [ authorization_code ]", "grant_types: *grants");
    let rig = crate::rig::Rig::with_yaml(&yaml).await;
    let id = enrol(&rig, sms).await;
    let mfa_token = log_in(&rig).await;
    let oob_code = rig.challenge(&mfa_token, &json!({ "authenticator_id": id })).await.text("oob_code");
    let code = sms.code(&rig).await;
    let foreign = "400 invalid_request: mfa_token not issued to this client";
    let fields = [
        ("client_id", "bare"),
        ("client_secret", "bare-secret"),
        ("grant_type", OOB_GRANT),
        ("mfa_token", &mfa_token),
        ("oob_code", &oob_code),
        ("binding_code", &code),
    ];
    assert_eq!(rig.form("/oauth/token", &fields).await.failure(), foreign);
    let by_app = verify_otp_as(&rig, ("bare", "bare-secret"), &mfa_token, "123456").await;
    assert_eq!(by_app.failure(), foreign);
    let ask = json!({ "client_id": "bare", "client_secret": "bare-secret", "mfa_token": mfa_token });
    assert_eq!(rig.json("/mfa/challenge", None, &ask).await.failure(), foreign);
    assert_eq!(verify_oob(&rig, &mfa_token, &oob_code, &code).await.status, 200);
}

#[tokio::test]
async fn a_token_for_the_mfa_api_confirms_and_proves_nothing() {
    let [sms, ..] = CODES;
    let rig = always("").await;
    let secret = enrol_app(&rig).await;
    let audience = mfa_api(&rig);
    let ask = [("audience", audience.as_str()), ("scope", "enroll")];
    let mfa_token = rig.password(&ask).await.mfa_token();
    let token = rig.verify_otp(&mfa_token, &rig.code(&secret)).await.text("access_token");
    rig.advance(60);
    let active = rig.verify_otp(&token, &rig.code(&secret)).await;
    assert_eq!(active.status, 403, "an active app: {}", active.body);
    let challenged = rig.challenge(&token, &json!({})).await;
    assert_eq!(challenged.failure(), "403 invalid_grant: Malformed mfa_token");

    let begun = associate(&rig, &token, &sms.associate()).await.text("oob_code");
    let code = sms.code(&rig).await;
    let pending = log_in(&rig).await;
    assert_eq!(
        verify_oob(&rig, &pending, &begun, &code).await.failure(),
        "400 invalid_request: The oob_code doesn't match the mfa_token"
    );
    let as_bob = {
        let his = bob(&rig).await;
        let fields = [
            ("grant_type", "password"),
            ("username", "bob@example.com"),
            ("password", crate::rig::PASSWORD),
            ("audience", audience.as_str()),
            ("scope", "enroll"),
        ];
        let _ = his;
        let answer = rig.token(&fields).await;
        if answer.status == 200 { answer.text("access_token") } else { answer.mfa_token() }
    };
    assert_eq!(verify_oob(&rig, &as_bob, &begun, &code).await.status, 400, "{}", ada(&rig).await.user_id);
    let confirmed = verify_oob(&rig, &token, &begun, &code).await;
    assert_eq!((confirmed.status, confirmed.text("scope").as_str()), (200, "enroll"), "{}", confirmed.body);
    assert_eq!(confirmed.value()["expires_in"], 600);
    assert_eq!(confirmed.claims("access_token")["azp"], WEBAPP);
}

#[tokio::test]
async fn whoever_has_a_factor_cannot_add_another_past_it() {
    let [sms, _, email] = CODES;
    let rig = always("").await;
    let early = log_in(&rig).await;
    let planted = associate(&rig, &early, &sms.associate()).await.text("oob_code");
    let code = sms.code(&rig).await;
    enrol_app(&rig).await;
    let refused = verify_oob(&rig, &early, &planted, &code).await;
    assert_eq!(refused.failure(), "403 access_denied: User is already enrolled.", "begun before hers");
    for body in [sms.associate(), email.associate()] {
        let refused = associate(&rig, &log_in(&rig).await, &body).await;
        assert_eq!(refused.failure(), "403 access_denied: User is already enrolled.");
    }
}

#[tokio::test]
async fn an_address_that_was_enrolled_is_a_factor_too() {
    let [sms, _, email] = CODES;
    let rig = always("").await;
    let early = log_in(&rig).await;
    let planted = rig.associate(&early).await.text("secret");
    let sent = associate(&rig, &early, &sms.associate()).await.text("oob_code");
    let code = sms.code(&rig).await;
    enrol(&rig, email).await;
    let by_app = rig.verify_otp(&early, &rig.code(&planted)).await;
    assert_eq!(by_app.failure(), "403 access_denied: User is already enrolled.", "begun before hers");
    let by_phone = verify_oob(&rig, &early, &sent, &code).await;
    assert_eq!(by_phone.failure(), "403 access_denied: User is already enrolled.", "begun before hers");
    let refused = rig.associate(&log_in(&rig).await).await;
    assert_eq!(refused.failure(), "403 access_denied: User is already enrolled.");
}

#[tokio::test]
async fn whoever_was_to_enrol_and_did_so_elsewhere_uses_that() {
    let rig = crate::rig::Rig::with(&crate::rig::Config::policy("all-applications")).await;
    let (first, second) = (log_in(&rig).await, log_in(&rig).await);
    let (kept, lost) =
        (rig.associate(&first).await.text("secret"), rig.associate(&second).await.text("secret"));
    assert_eq!(rig.verify_otp(&first, &rig.code(&kept)).await.status, 200);
    let refused = rig.verify_otp(&second, &rig.code(&lost)).await;
    assert_eq!(refused.failure(), "403 access_denied: User is already enrolled.");
    rig.advance(30);
    assert_eq!(rig.verify_otp(&second, &rig.code(&kept)).await.status, 200);
}
