//! The MFA API: who may call it, and what it refuses.

use serde_json::json;
use stepup_tenant::model::{Authenticator, User};

use crate::rig::{API, Answer, Browser, Config, OOB_GRANT, OTP_GRANT, RECOVERY_GRANT, Rig};

const BEARER: &str = "401 invalid_grant: The mfa_token provided is invalid. Try getting a new token.";

#[tokio::test]
async fn nothing_is_told_without_a_token() {
    let rig = Rig::start().await;
    let other_api = rig.password(&[("audience", API), ("scope", "openid")]).await.text("access_token");
    for token in ["", "garbage", "a.b.c", other_api.as_str(), "x".repeat(4000).as_str()] {
        assert_eq!(rig.authenticators(token).await.failure(), BEARER, "{token}");
        assert_eq!(rig.associate(token).await.failure(), BEARER);
        assert_eq!(delete(&rig, token, "totp|dev_x").await.failure(), BEARER);
    }
    let bare = rig.get("/mfa/authenticators").await;
    assert_eq!((bare.failure().as_str(), bare.header("content-type")), (BEARER, "application/json"));
    assert_eq!(
        rig.challenge("garbage", &json!({})).await.failure(),
        "403 invalid_grant: Malformed mfa_token"
    );
    for grant in [(OTP_GRANT, "otp"), (OOB_GRANT, "oob_code"), (RECOVERY_GRANT, "recovery_code")] {
        let fields = [("grant_type", grant.0), ("mfa_token", "garbage"), (grant.1, "123456")];
        assert_eq!(rig.token(&fields).await.failure(), "403 invalid_grant: Malformed mfa_token");
    }
}

#[tokio::test]
async fn an_mfa_token_is_good_for_its_client_alone() {
    let rig = Rig::start().await;
    let enrolled = rig.enrol().await;
    let mfa_token = rig.step_up(&enrolled).await;
    let code = rig.code(&enrolled.secret);
    let foreign = "400 invalid_request: mfa_token not issued to this client";
    let fields = [
        ("grant_type", OTP_GRANT),
        ("client_id", "stepup-native"),
        ("mfa_token", mfa_token.as_str()),
        ("otp", code.as_str()),
    ];
    assert_eq!(rig.form("/oauth/token", &fields).await.failure(), foreign);
    let body = json!({ "client_id": "stepup-native", "mfa_token": mfa_token });
    assert_eq!(rig.json("/mfa/challenge", None, &body).await.failure(), foreign);
    let wrong = json!({ "client_id": "stepup-webapp", "client_secret": "wrong", "mfa_token": mfa_token });
    assert_eq!(rig.json("/mfa/challenge", None, &wrong).await.failure(), "401 access_denied: Unauthorized");
    let alone = json!({ "client_id": "stepup-webapp", "mfa_token": mfa_token });
    assert_eq!(
        rig.json("/mfa/challenge", None, &alone).await.status,
        200,
        "the token proves the transaction"
    );
    let fresh =
        rig.password(&[("audience", &format!("{}mfa/", rig.tenant.issuer())), ("scope", "enroll")]).await;
    let token = {
        let proved = rig.verify_otp(&fresh.mfa_token(), &code).await;
        proved.text("access_token")
    };
    let associate = async |bearer: &str, client: serde_json::Value| {
        let mut body = json!({ "authenticator_types": ["otp"] });
        body.as_object_mut().unwrap().extend(client.as_object().unwrap().clone());
        rig.json("/mfa/associate", Some(bearer), &body).await
    };
    for bearer in [&mfa_token, &token] {
        for client in [
            json!({ "client_id": "stepup-native" }),
            json!({ "client_id": "nobody" }),
            json!({ "client_id": "stepup-m2m", "client_secret": "stepup-m2m-secret" }),
        ] {
            assert_eq!(associate(bearer, client).await.failure(), foreign);
        }
    }
    for client in [
        json!({}),
        json!({ "client_id": "stepup-webapp" }),
        json!({ "client_id": "stepup-webapp", "client_secret": "stepup-webapp-secret" }),
    ] {
        assert_eq!(associate(&token, client).await.status, 200);
    }
    rig.advance(30);
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&enrolled.secret)).await.status, 200);
}

#[tokio::test]
async fn whoever_has_a_factor_cannot_enrol_past_it() {
    let rig = Rig::start().await;
    let refresh_token = rig.refresh_token().await;
    let early = rig.refresh(&refresh_token, &[("audience", API)]).await.mfa_token();
    let planted = rig.associate(&early).await.text("secret");
    let enrolled = rig.enrol().await;

    // A factor begun before the user's own, with nothing but the password, is not theirs.
    let refused = rig.verify_otp(&early, &rig.code(&planted)).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let mfa_token = rig.step_up(&enrolled).await;
    assert_eq!(
        rig.verify_otp(&mfa_token, &rig.code(&planted)).await.failure(),
        "403 invalid_grant: Invalid otp_code."
    );
    for token in [&early, &mfa_token] {
        assert_eq!(rig.associate(token).await.failure(), "403 access_denied: User is already enrolled.");
    }
}

#[tokio::test]
async fn what_is_asked_of_the_api_must_make_sense() {
    let rig = Rig::start().await;
    let refresh_token = rig.refresh_token().await;
    let mfa_token = rig.refresh(&refresh_token, &[("audience", API)]).await.mfa_token();
    for (body, expected) in [
        (json!({}), "400 invalid_request: \"authenticator_types\" is required"),
        (json!({ "authenticator_types": [] }), "400 invalid_request: \"authenticator_types\" is required"),
        (
            json!({ "authenticator_types": [1] }),
            "400 invalid_request: \"authenticator_types\" must be a list of strings",
        ),
        (
            json!({ "authenticator_types": "otp" }),
            "400 invalid_request: \"authenticator_types\" must be a list of strings",
        ),
        (json!({ "authenticator_types": ["oob"] }), "400 invalid_request: \"oob_channels\" is required"),
        (
            json!({ "authenticator_types": ["oob"], "oob_channels": "sms", "phone_number": "+12025550123" }),
            "400 invalid_request: \"oob_channels\" must be a list of strings",
        ),
        (
            json!({ "authenticator_types": ["oob"], "oob_channels": { "sms": true } }),
            "400 invalid_request: \"oob_channels\" must be a list of strings",
        ),
        (
            json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": ["+12025550123"] }),
            "400 invalid_request: \"phone_number\" must be a string",
        ),
        (
            json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"] }),
            "400 invalid_request: \"phone_number\" is required",
        ),
        (
            json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "0202" }),
            "400 invalid_request: The phone number is invalid.",
        ),
    ] {
        assert_eq!(rig.json("/mfa/associate", Some(&mfa_token), &body).await.failure(), expected);
    }
    for body in [
        json!({ "authenticator_types": ["pigeon"] }),
        json!({ "authenticator_types": ["oob"], "oob_channels": ["pigeon"] }),
        json!({ "authenticator_types": ["recovery-code"] }),
    ] {
        let refused = rig.json("/mfa/associate", Some(&mfa_token), &body).await;
        assert_eq!((refused.status, refused.text("error").as_str()), (400, "unsupported_authenticator_type"));
    }
    let enrolled = rig.enrol().await;
    let mfa_token = rig.step_up(&enrolled).await;
    for (more, expected) in [
        (
            json!({ "authenticator_id": "totp|dev_0000000000000000" }),
            "400 invalid_authenticator: Invalid authenticator ID",
        ),
        (json!({ "authenticator_id": ["x"] }), "400 invalid_request: \"authenticator_id\" must be a string"),
        (json!({ "oob_channel": {} }), "400 invalid_request: \"oob_channel\" must be a string"),
        (
            json!({ "challenge_type": [1] }),
            "400 invalid_request: \"challenge_type\" must be a list of strings",
        ),
        (
            json!({ "challenge_type": "pigeon" }),
            "400 unsupported_challenge_type: User is not enrolled with pigeon",
        ),
    ] {
        assert_eq!(rig.challenge(&mfa_token, &more).await.failure(), expected);
    }
    let fields = [
        ("grant_type", OOB_GRANT),
        ("mfa_token", mfa_token.as_str()),
        ("oob_code", "Fe26.2*x"),
        ("binding_code", "123456"),
    ];
    assert_eq!(rig.token(&fields).await.failure(), "403 invalid_grant: Malformed oob_code");
}

async fn delete(rig: &Rig, token: &str, id: &str) -> Answer {
    let id = id.replace('|', "%7C");
    let request = rig.http.delete(rig.at(&format!("/mfa/authenticators/{id}")));
    rig.send(request.header("authorization", format!("Bearer {token}"))).await
}

#[tokio::test]
async fn a_token_for_the_mfa_api_adds_and_removes_authenticators() {
    let rig = Rig::with(&Config::default()).await;
    let audience = format!("{}mfa/", rig.tenant.issuer());
    let ask = [
        ("audience", audience.as_str()),
        ("scope", "openid enroll read:authenticators remove:authenticators"),
    ];
    let tokens = rig.password(&ask).await;
    assert_eq!((tokens.status, tokens.value()["expires_in"].as_u64()), (200, Some(600)));
    let token = tokens.text("access_token");
    let begun = rig.associate(&token).await;
    let secret = begun.text("secret");
    let confirmed = rig.verify_otp(&token, &rig.code(&secret)).await;
    assert_eq!(
        (confirmed.status, confirmed.value()["expires_in"].as_u64()),
        (200, Some(600)),
        "{}",
        confirmed.body
    );

    rig.advance(60);
    let refused = rig.password(&ask).await;
    let mfa_token = refused.mfa_token();
    assert!(refused.value().get("mfa_requirements").is_none(), "no Action asked");
    let tokens = rig.verify_otp(&mfa_token, &rig.code(&secret)).await;
    assert_eq!(tokens.text("scope"), "openid enroll read:authenticators remove:authenticators");
    let token = tokens.text("access_token");
    let listed = rig.authenticators(&token).await.value();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let id = listed.as_array().unwrap().iter().find(|it| it["type"] == "otp").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();

    let pending = rig.password(&ask).await.mfa_token();
    assert_eq!(delete(&rig, &pending, &id).await.failure(), BEARER, "not with an mfa_token");
    let narrow = rig.password(&[("audience", &audience), ("scope", "read:authenticators")]).await.mfa_token();
    rig.advance(30);
    let narrow = rig.verify_otp(&narrow, &rig.code(&secret)).await.text("access_token");
    assert_eq!(delete(&rig, &narrow, &id).await.status, 403);
    assert_eq!(rig.associate(&narrow).await.status, 403);

    let absent = delete(&rig, &token, "totp|dev_0000000000000000").await;
    assert_eq!((absent.status, absent.text("error").as_str()), (404, "invalid_authenticator"));
    let removed = delete(&rig, &token, &id.replace("totp|", "otp|")).await;
    assert_eq!((removed.status, removed.body.as_str()), (204, ""));
    assert_eq!(
        rig.authenticators(&token).await.value(),
        json!([]),
        "the recovery code went with the last factor"
    );
    rig.advance(600);
    let expired = "401 expired_token: mfa_token is expired";
    assert_eq!(rig.authenticators(&token).await.failure(), expired);
    assert_eq!(rig.associate(&token).await.failure(), expired);
    assert_eq!(rig.verify_otp(&token, &rig.code(&secret)).await.failure(), expired);
    let fields = [
        ("grant_type", OTP_GRANT),
        ("client_id", "stepup-native"),
        ("mfa_token", token.as_str()),
        ("otp", "123456"),
    ];
    let foreign = rig.form("/oauth/token", &fields).await;
    assert_eq!(foreign.status, 401, "no client of this tenant: {}", foreign.body);
}

#[tokio::test]
async fn another_users_authenticator_is_nobodys() {
    let rig = Rig::start().await;
    let enrolled = rig.enrol().await;
    let store = &rig.tenant.state().store;
    let ada =
        store.user_by_identifier("Username-Password-Authentication", crate::rig::ADA).await.unwrap().unwrap();
    let bob =
        User { user_id: "auth0|bob".to_owned(), email: Some("bob@example.com".to_owned()), ..ada.clone() };
    store.insert_user(&bob).await.unwrap();
    let his = Authenticator {
        id: "totp|dev_bob0000000000000".to_owned(),
        user_id: bob.user_id.clone(),
        ..store.authenticators(&ada.user_id).await.unwrap()[0].clone()
    };
    store.insert_authenticator(&his).await.unwrap();

    let mfa_token = rig.step_up(&enrolled).await;
    let challenged = rig.challenge(&mfa_token, &json!({ "authenticator_id": his.id })).await;
    assert_eq!(challenged.failure(), "400 invalid_authenticator: Invalid authenticator ID");
    let audience = format!("{}mfa/", rig.tenant.issuer());
    let mfa_token =
        rig.password(&[("audience", &audience), ("scope", "remove:authenticators")]).await.mfa_token();
    let token = rig.verify_otp(&mfa_token, &rig.code(&enrolled.secret)).await.text("access_token");
    assert_eq!(delete(&rig, &token, &his.id).await.status, 404);
    assert_eq!(store.authenticators(&bob.user_id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_policy_asks_at_every_token_grant_and_lists_nothing() {
    let rig = Rig::with(&Config::policy("all-applications")).await;
    let refused = rig.password(&[("scope", "openid offline_access")]).await;
    let mfa_token = refused.mfa_token();
    assert!(refused.value().get("mfa_requirements").is_none());
    let secret = rig.associate(&mfa_token).await.text("secret");
    let tokens = rig.verify_otp(&mfa_token, &rig.code(&secret)).await;
    assert_eq!(tokens.text("scope"), "openid offline_access");
    let refresh_token = tokens.text("refresh_token");
    rig.advance(30);
    let mfa_token = rig.refresh(&refresh_token, &[]).await.mfa_token();
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&secret)).await.status, 200);

    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(page.failure(), "login_required: Login required");
}
