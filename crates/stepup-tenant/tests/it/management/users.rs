//! Users: made, read, changed and taken away.

use serde_json::{Value, json};
use stepup_tenant::model::Digest;

use super::Admin;
use crate::rig::{ADA, API, Browser, PASSWORD};

#[tokio::test]
async fn a_user_is_made_and_can_log_in() {
    let admin = Admin::start().await;
    let made = admin
        .post(
            "users",
            json!({
                "connection": "Username-Password-Authentication",
                "user_id": "grace",
                "email": "Grace@example.com",
                "email_verified": true,
                "password": "A good pass phrase",
                "given_name": "Grace",
                "family_name": "Hopper",
                "app_metadata": { "plan": "gold" },
            }),
        )
        .await;
    assert_eq!(made.status, 201);
    insta::assert_json_snapshot!(made.value(), @r#"
    {
      "app_metadata": {
        "plan": "gold"
      },
      "created_at": "2026-01-01T00:00:00.000Z",
      "email": "grace@example.com",
      "email_verified": true,
      "family_name": "Hopper",
      "given_name": "Grace",
      "identities": [
        {
          "connection": "Username-Password-Authentication",
          "isSocial": false,
          "provider": "auth0",
          "user_id": "grace"
        }
      ],
      "name": "grace@example.com",
      "nickname": "grace",
      "updated_at": "2026-01-01T00:00:00.000Z",
      "user_id": "auth0|grace"
    }
    "#);
    let logged_in = admin.log_in("grace@example.com", "A good pass phrase").await;
    assert_eq!(logged_in.status, 200, "{}", logged_in.body);
    let read = admin.get("users/auth0%7Cgrace?fields=logins_count,last_login").await.value();
    assert_eq!(read, json!({ "logins_count": 1, "last_login": "2026-01-01T00:00:00.000Z" }));
    assert_eq!(
        admin.get("users/auth0|grace?fields=user_id&include_fields=false").await.value().get("user_id"),
        None
    );
}

#[tokio::test]
async fn what_cannot_be_made_is_refused() {
    let admin = Admin::start().await;
    let good = json!({ "connection": "Username-Password-Authentication", "email": "g@example.com", "password": "Pass phrase" });
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let cases = [
        (json!([]), "'Expected type object but found type array'."),
        (json!({}), "'Missing required property: connection'."),
        (json!({ "connection": "Username-Password-Authentication" }), "'Missing required property: email'."),
        (
            with("email", json!("nobody")),
            "'Object didn't pass validation for format email: nobody' on property email.",
        ),
        (with("email", json!(null)), "'Expected type string but found type null' on property email."),
        (with("blocked", json!("yes")), "'Expected type boolean but found type string' on property blocked."),
        (
            with("phone_number", json!("0123")),
            "'Object didn't pass validation for format phone: 0123' on property phone_number.",
        ),
        (
            with("user_metadata", json!("x")),
            "'Expected type object but found type string' on property user_metadata.",
        ),
        (with("password", json!("")), "'String is too short (0 chars), minimum 1' on property password."),
        (
            with("password", json!("x".repeat(300))),
            "'String is too long (300 chars), maximum 256' on property password.",
        ),
        (with("admin", json!(true)), "'Additional properties not allowed: admin'."),
    ];
    for (body, problem) in cases {
        let refused = admin.post("users", body.clone()).await.refusal();
        assert_eq!(refused, format!("400 invalid_body: Payload validation error: {problem}"), "{body}");
    }
    let refused = admin.post("users", with("connection", json!("nowhere"))).await.refusal();
    assert_eq!(refused, "400 inexistent_connection: The connection does not exist.");
    let refused = admin.post("users", with("password", json!("simple"))).await.refusal();
    assert_eq!(refused, "400 invalid_body: PasswordStrengthError: Password is too weak");
    let refused = admin.raw(&admin.token, "POST", "users", "{".to_owned()).await.refusal();
    assert_eq!(refused, "400 -: Invalid request payload JSON format");
    let refused = admin.post("users", with("email", json!("ADA@example.com"))).await.refusal();
    assert_eq!(refused, "409 auth0_idp_error: The user already exists.");
    assert_eq!(
        admin.get("users/auth0|nobody").await.refusal(),
        "404 inexistent_user: The user does not exist."
    );
}

#[tokio::test]
async fn a_change_merges_metadata_and_replaces_the_rest() {
    let admin = Admin::start().await;
    let id = admin
        .user(
            "grace@example.com",
            json!({ "user_metadata": { "a": 1, "b": { "c": 2 } }, "given_name": "Grace" }),
        )
        .await;
    admin.rig.advance(60);
    let changed = admin
        .patch(
            &format!("users/{id}"),
            json!({ "user_metadata": { "a": null, "b": { "d": 3 } }, "app_metadata": { "plan": "gold" }, "given_name": null, "name": "Grace H." }),
        )
        .await
        .value();
    assert_eq!(changed["user_metadata"], json!({ "b": { "d": 3 } }));
    assert_eq!(changed["app_metadata"], json!({ "plan": "gold" }));
    assert_eq!((&changed["given_name"], &changed["name"]), (&Value::Null, &json!("Grace H.")));
    assert_eq!(changed["updated_at"], "2026-01-01T00:01:00.000Z");

    let moved = admin.patch(&format!("users/{id}"), json!({ "email": "g.hopper@example.com" })).await.value();
    assert_eq!((&moved["email"], &moved["email_verified"]), (&json!("g.hopper@example.com"), &json!(false)));
    let cases = [
        (json!({ "email": null }), "400 invalid_body: A user needs one of email, username and phone_number"),
        (json!({ "email": ADA }), "400 auth0_idp_error: The specified new email already exists"),
        (
            json!({ "email": "x@y.z", "password": "Pass phrase" }),
            "400 invalid_body: Cannot update email and password simultaneously",
        ),
        (
            json!({}),
            "400 invalid_body: Payload validation error: 'Too few properties defined (0), minimum 1'.",
        ),
        (
            json!({ "logins_count": 3 }),
            "400 invalid_body: Payload validation error: 'Additional properties not allowed: logins_count'.",
        ),
    ];
    for (body, refusal) in cases {
        assert_eq!(admin.patch(&format!("users/{id}"), body).await.refusal(), refusal);
    }
    let refused = admin.patch("users/auth0|nobody", json!({ "name": "x" })).await.refusal();
    assert_eq!(refused, "404 inexistent_user: The user does not exist.");
}

#[tokio::test]
async fn a_new_password_is_the_only_one() {
    let admin = Admin::start().await;
    let ada = admin.ada().await;
    let changed =
        admin.patch(&format!("users/{ada}"), json!({ "password": "Another pass phrase" })).await.value();
    assert_eq!(changed["last_password_reset"], "2026-01-01T00:00:00.000Z");
    assert_eq!(admin.log_in(ADA, PASSWORD).await.status, 403);
    assert_eq!(admin.log_in(ADA, "Another pass phrase").await.status, 200);
}

#[tokio::test]
async fn a_new_password_ends_what_was_begun_with_the_old_one() {
    let admin = Admin::start().await;
    let ada = admin.ada().await;
    admin.put("guardian/policies", json!(["all-applications"])).await;
    let mfa_token = admin.rig.password(&[]).await.mfa_token();
    admin.patch(&format!("users/{ada}"), json!({ "name": "Ada" })).await;
    assert_eq!(admin.rig.authenticators(&mfa_token).await.status, 200);
    admin.patch(&format!("users/{ada}"), json!({ "password": "Another pass phrase" })).await;
    let refused = admin.rig.challenge(&mfa_token, &json!({})).await;
    assert_eq!(refused.failure(), "403 invalid_grant: Malformed mfa_token");
}

#[tokio::test]
async fn blocking_ends_what_the_user_holds() {
    let admin = Admin::start().await;
    let ada = admin.ada().await;
    let refresh_token = admin.rig.refresh_token().await;
    let listed = admin.get(&format!("users/{ada}/refresh-tokens")).await.value();
    assert_eq!(listed["tokens"].as_array().unwrap().len(), 1);
    let id = listed["tokens"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.get(&format!("refresh-tokens/{id}")).await.value()["client_id"], "stepup-webapp");

    assert_eq!(
        admin.patch(&format!("users/{ada}"), json!({ "blocked": true })).await.value()["blocked"],
        json!(true)
    );
    assert_eq!(
        admin.rig.refresh(&refresh_token, &[]).await.failure(),
        "403 invalid_grant: Unknown or invalid refresh token."
    );
    assert_eq!(admin.rig.password(&[]).await.failure(), "403 unauthorized: user is blocked");
    assert_eq!(admin.get(&format!("users/{ada}/refresh-tokens")).await.value(), json!({ "tokens": [] }));
    assert_eq!(admin.get(&format!("refresh-tokens/{id}")).await.status, 404);

    admin.patch(&format!("users/{ada}"), json!({ "blocked": false })).await;
    assert_eq!(admin.rig.password(&[]).await.status, 200);
}

#[tokio::test]
async fn a_blocked_user_gets_nothing_for_what_was_issued_before() {
    let admin = Admin::start().await;
    let (rig, ada) = (&admin.rig, admin.ada().await);
    let mut browser = Browser::new(rig);
    let page = browser.authorize(&[]).await;
    let end = browser.log_in(&page).await;
    let refresh_token = rig.refresh_token().await;
    let mfa_token = rig.refresh(&refresh_token, &[("audience", API)]).await.mfa_token();
    let secret = rig.associate(&mfa_token).await.text("secret");
    admin.patch(&format!("users/{ada}"), json!({ "blocked": true })).await;
    let blocked = "403 unauthorized: user is blocked";
    assert_eq!(browser.exchange_code(&end).await.failure(), blocked);
    assert_eq!(rig.authenticators(&mfa_token).await.failure(), blocked);
    assert_eq!(rig.associate(&mfa_token).await.failure(), blocked);
    assert_eq!(rig.challenge(&mfa_token, &json!({})).await.failure(), blocked);
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&secret)).await.failure(), blocked);
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_everything() {
    let admin = Admin::start().await;
    let enrolled = admin.rig.enrol().await;
    let ada = admin.ada().await;
    assert_eq!(admin.get(&format!("users/{ada}")).await.value()["multifactor"], json!(["guardian"]));
    assert_eq!(admin.delete(&format!("users/{ada}")).await.status, 204);
    assert_eq!(admin.delete(&format!("users/{ada}")).await.status, 204, "deleting again is no failure");
    assert_eq!(admin.get(&format!("users/{ada}")).await.status, 404);
    let refused = admin.rig.refresh(&enrolled.refresh_token, &[]).await.failure();
    assert_eq!(
        refused,
        "403 invalid_grant: The refresh_token was generated for a user who doesn't exist anymore."
    );

    // Another user with that id and address inherits nothing.
    admin.user(ADA, json!({ "user_id": ada })).await;
    let refused = admin.rig.refresh(&enrolled.refresh_token, &[]).await.failure();
    assert_eq!(refused, "403 invalid_grant: Unknown or invalid refresh token.");
    assert_eq!(admin.get(&format!("users/{ada}")).await.value().get("multifactor"), None);
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let admin = Admin::start().await;
    let ada = admin.ada().await;
    let mut browser = Browser::new(&admin.rig);
    let page = browser.authorize(&[]).await;
    browser.log_in(&page).await;
    let sessions = admin.get(&format!("users/{ada}/sessions")).await.value();
    let session = &sessions["sessions"][0];
    assert_eq!(session["clients"], json!([{ "client_id": "stepup-webapp" }]));
    assert_eq!(session["authentication"]["methods"][0]["name"], "pwd");
    assert_eq!(session["device"]["initial_ip"], "127.0.0.1");
    let id = session["id"].as_str().unwrap();
    assert_eq!(admin.get(&format!("sessions/{id}")).await.value(), *session);
    assert_eq!(admin.delete(&format!("sessions/{id}")).await.status, 202);
    assert_eq!(
        admin.get(&format!("sessions/{id}")).await.refusal(),
        "404 session_not_found: The session does not exist."
    );
    assert_eq!(admin.delete(&format!("sessions/{id}")).await.status, 404);
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(silent.failure(), "login_required: Login required");

    let page = browser.authorize(&[]).await;
    browser.log_in(&page).await;
    assert_eq!(admin.delete(&format!("users/{ada}/sessions")).await.status, 202);
    assert_eq!(admin.get(&format!("users/{ada}/sessions")).await.value(), json!({ "sessions": [] }));
}

#[tokio::test]
async fn refresh_tokens_are_revoked_one_by_one_and_all() {
    let admin = Admin::start().await;
    let ada = admin.ada().await;
    let (first, second) = (admin.rig.refresh_token().await, admin.rig.refresh_token().await);
    let list = format!("users/{ada}/refresh-tokens?take=1");
    let page = admin.get(&list).await.value();
    let next = page["next"].as_str().unwrap();
    let id = page["tokens"][0]["id"].as_str().unwrap();
    let rest = admin.get(&format!("{list}&from={next}")).await.value();
    assert_eq!((rest["tokens"].as_array().unwrap().len(), rest.get("next")), (1, None));
    assert!(admin.get(&format!("{list}&from=none")).await.refusal().starts_with("400 invalid_query_string"));

    assert_eq!(admin.delete(&format!("refresh-tokens/{id}")).await.status, 202);
    assert_eq!(admin.rig.refresh(&first, &[]).await.status, 403);
    assert_eq!(admin.rig.refresh(&second, &[]).await.status, 200);
    assert_eq!(admin.delete(&format!("users/{ada}/refresh-tokens")).await.status, 202);
    let all = admin.get(&format!("refresh-tokens?user_id={ada}")).await.value();
    assert_eq!(all, json!({ "refresh_tokens": [] }));
}

#[tokio::test]
async fn whatever_was_a_user_s_goes_with_them() {
    let admin = Admin::start().await;
    let mut browser = Browser::new(&admin.rig);
    let scope = ("scope", "openid offline_access");
    let page = browser.authorize(&[("audience", API), scope, ("prompt", "consent")]).await;
    let page = browser.log_in(&page).await;
    let end = browser.submit(&page, &[("action", "accept")]).await;
    let refresh_token = browser.exchange_code(&end).await.text("refresh_token");
    let unused = browser.authorize(&[("audience", API), ("scope", "openid")]).await;
    let ada = admin.ada().await;
    let (store, now) = (&admin.rig.tenant.state().store, admin.rig.tenant.clock().now());
    store.remember_browser(&Digest::of("a browser"), &ada, now).await.unwrap();
    assert_eq!(store.sessions_of(&ada).await.unwrap().len(), 1);
    assert!(!store.consented(&ada, "stepup-webapp", API).await.unwrap().is_empty());

    assert_eq!(admin.delete(&format!("users/{ada}")).await.status, 204);
    assert!(store.sessions_of(&ada).await.unwrap().is_empty());
    assert!(store.consented(&ada, "stepup-webapp", API).await.unwrap().is_empty());
    assert!(!store.browser_remembered(&Digest::of("a browser"), &ada, now).await.unwrap());
    assert!(store.known_devices(&ada, now).await.unwrap().is_empty());
    assert!(store.authenticators(&ada).await.unwrap().is_empty());
    let gone = "403 invalid_grant: The refresh_token was generated for a user who doesn't exist anymore.";
    assert_eq!(admin.rig.refresh(&refresh_token, &[]).await.failure(), gone);
    assert_eq!(browser.exchange_code(&unused).await.status, 403, "a code that nobody used yet");
}
