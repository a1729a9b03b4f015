//! What an administrator sees and does of a user's second factor.

use serde_json::{Value, json};

use super::Admin;
use crate::rig::API;

#[tokio::test]
async fn methods_are_made_confirmed_and_told_without_secrets() {
    let admin = Admin::start().await;
    let id = admin.user("grace@example.com", json!({})).await;
    let methods = format!("users/{id}/authentication-methods");
    let phone = admin
        .post(&methods, json!({ "type": "phone", "name": "Work", "phone_number": "+12025550123", "preferred_authentication_method": "sms" }))
        .await;
    assert_eq!(phone.status, 201, "{}", phone.body);
    let phone_id = phone.text("id");
    let device = phone_id.strip_prefix("phone|").unwrap();
    assert_eq!(
        phone.value(),
        json!({
            "id": phone_id,
            "type": "phone",
            "name": "Work",
            "created_at": "2026-01-01T00:00:00.000Z",
            "phone_number": "XXXXXXXX0123",
            "preferred_authentication_method": "sms",
            "authentication_methods": [{ "id": format!("sms|{device}"), "type": "sms" }],
        })
    );
    let email = admin.post(&methods, json!({ "type": "email", "email": "spare@example.org" })).await.value();
    assert_eq!((&email["email"], email.get("confirmed")), (&json!("spar*@exam*******"), None));
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNB";
    let totp = admin.post(&methods, json!({ "type": "totp", "totp_secret": secret })).await;
    assert!(!totp.body.contains(secret));

    let all = admin.get(&format!("{methods}?include_totals=true")).await.value();
    assert_eq!((&all["total"], &all["start"], &all["limit"]), (&json!(3), &json!(0), &json!(50)));
    let kinds: Vec<_> =
        all["authenticators"].as_array().unwrap().iter().map(|it| it["type"].clone()).collect();
    assert_eq!(kinds, ["phone", "email", "totp"]);
    let read = admin.get(&format!("{methods}/{phone_id}")).await.value();
    assert_eq!(
        (&read["confirmed"], &read["enrolled_at"]),
        (&json!(true), &json!("2026-01-01T00:00:00.000Z"))
    );
    assert_eq!(admin.get(&format!("{methods}?page=1&per_page=3")).await.value(), json!([]));

    // A change, and how the phone may be reached since.
    let changed = admin
        .patch(
            &format!("{methods}/{phone_id}"),
            json!({ "name": "Home", "preferred_authentication_method": "voice" }),
        )
        .await
        .value();
    assert_eq!(
        (&changed["name"], &changed["preferred_authentication_method"]),
        (&json!("Home"), &json!("voice"))
    );
    assert_eq!(changed.get("confirmed"), None);
    assert_eq!(
        admin.get(&format!("users/{id}/enrollments")).await.each("auth_method"),
        ["sms", "email", "authenticator"]
    );

    assert_eq!(admin.delete(&format!("{methods}/{phone_id}")).await.status, 204);
    let refused = admin.delete(&format!("{methods}/{phone_id}")).await.refusal();
    assert_eq!(refused, "404 authentication_method_not_found: The authentication method does not exist.");
    assert_eq!(admin.delete(&methods).await.status, 204);
    assert_eq!(admin.get(&methods).await.value(), json!([]));
    let none = admin.get(&format!("{methods}?include_totals=true")).await.value();
    assert_eq!((&none["authenticators"], none.get("total")), (&json!([]), None));
}

#[tokio::test]
async fn the_automatic_email_follows_the_address() {
    let admin = Admin::start().await;
    let methods = format!("users/{}/authentication-methods", admin.ada().await);
    let id = admin.get(&methods).await.at("/0/id");
    assert_eq!(admin.get(&format!("{methods}/{id}")).await.text("type"), "email");
    for (method, body) in [("PATCH", Some(json!({ "name": "Mine" }))), ("DELETE", None)] {
        let refused = admin.call(method, &format!("{methods}/{id}"), body).await.refusal();
        let why = "This method follows the user's verified e-mail address and is changed with it.";
        assert_eq!(refused, format!("400 operation_not_supported: {why}"), "{method}");
    }
}

#[tokio::test]
async fn methods_are_replaced_whole() {
    let admin = Admin::start().await;
    let id = admin.user("grace@example.com", json!({})).await;
    let methods = format!("users/{id}/authentication-methods");
    admin.post(&methods, json!({ "type": "phone", "phone_number": "+12025550123" })).await;
    let sent = json!([
        { "type": "phone", "phone_number": "+12025550199", "preferred_authentication_method": "voice" },
        { "type": "email", "email": "spare@example.org" },
    ]);
    let replaced = admin.put(&methods, sent).await;
    assert_eq!(replaced.status, 200, "{}", replaced.body);
    assert_eq!(replaced.each("phone_number"), ["+12025550199", "-"]);
    assert_eq!(replaced.each("email"), ["-", "spare@example.org"]);
    assert_eq!(admin.get(&methods).await.each("phone_number"), ["XXXXXXXX0199", "-"]);
    // One that is not good, and nothing is changed.
    let refused = admin.put(&methods, json!([{ "type": "totp" }])).await.refusal();
    assert_eq!(
        refused,
        "400 invalid_body: Payload validation error: 'Missing required property: totp_secret'."
    );
    assert_eq!(admin.get(&methods).await.value().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_no_method_is_refused() {
    let admin = Admin::start().await;
    let id = admin.user("grace@example.com", json!({})).await;
    let cases = [
        (json!({}), "'Missing required property: type'"),
        (json!({ "type": "carrier-pigeon" }), "'No enum match for: carrier-pigeon' on property type"),
        (json!({ "type": "phone" }), "'Missing required property: phone_number'"),
        (
            json!({ "type": "phone", "phone_number": "555" }),
            "'Object didn't pass validation for format phone: 555' on property phone_number",
        ),
        (
            json!({ "type": "totp", "totp_secret": "not base32" }),
            "'Object didn't pass validation for format base32: not base32' on property totp_secret",
        ),
        (
            json!({ "type": "email", "email": "x@example.com", "phone_number": "+12025550123" }),
            "'Additional properties not allowed: phone_number'",
        ),
    ];
    for (body, problem) in cases {
        let refused = admin.post(&format!("users/{id}/authentication-methods"), body.clone()).await.refusal();
        assert_eq!(refused, format!("400 invalid_body: Payload validation error: {problem}."), "{body}");
    }
    let passkey =
        admin.post(&format!("users/{id}/authentication-methods"), json!({ "type": "passkey" })).await;
    assert_eq!(
        passkey.refusal(),
        "400 invalid_body: Authentication methods of the type passkey are not supported."
    );
    for call in ["users/auth0|nobody/authentication-methods", "users/auth0|nobody/enrollments"] {
        assert_eq!(
            admin.get(call).await.refusal(),
            "404 inexistent_user: The user does not exist.",
            "{call}"
        );
    }
}

#[tokio::test]
async fn a_method_made_here_is_challenged_at_once() {
    let admin = Admin::start().await;
    let ada = admin.ada().await;
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    admin
        .post(
            &format!("users/{ada}/authentication-methods"),
            json!({ "type": "totp", "totp_secret": secret }),
        )
        .await;
    let refresh_token = admin.rig.refresh_token().await;
    let refused = admin.rig.refresh(&refresh_token, &[("audience", API)]).await;
    assert!(refused.body.contains(r#"{"type":"otp"}"#), "{}", refused.body);
    let verified = admin.rig.verify_otp(&refused.mfa_token(), &admin.rig.code(secret)).await;
    assert_eq!(verified.status, 200, "{}", verified.body);

    assert_eq!(admin.delete(&format!("users/{ada}/authenticators")).await.status, 204);
    let again = admin.rig.refresh(&verified.text("refresh_token"), &[("audience", API)]).await;
    assert!(again.body.contains(r#""enroll""#), "{}", again.body);
}

#[tokio::test]
async fn a_new_recovery_code_takes_the_place_of_the_old_one() {
    let admin = Admin::start().await;
    let enrolled = admin.rig.enrol().await;
    let ada = admin.ada().await;
    let regenerated = admin.post(&format!("users/{ada}/recovery-code-regeneration"), Value::Null).await;
    assert_eq!(regenerated.status, 200, "{}", regenerated.body);
    let code = regenerated.text("recovery_code");
    assert_eq!(code.len(), 24);
    let verify = |mfa_token: String, code: String| {
        let rig = &admin.rig;
        async move {
            let fields = [
                ("grant_type", crate::rig::RECOVERY_GRANT),
                ("mfa_token", mfa_token.as_str()),
                ("recovery_code", code.as_str()),
            ];
            rig.token(&fields).await.status
        }
    };
    let mfa_token = admin.rig.step_up(&enrolled).await;
    assert_eq!(verify(mfa_token.clone(), enrolled.recovery_code.clone()).await, 403);
    assert_eq!(verify(mfa_token, code).await, 200);
    let nobody = admin.user("new@example.com", json!({})).await;
    let fresh = admin.post(&format!("users/{nobody}/recovery-code-regeneration"), json!({})).await;
    assert_eq!(fresh.status, 200, "also for a user with nothing enrolled");
}

#[tokio::test]
async fn resets_of_a_provider_and_of_browsers_are_answered() {
    let admin = Admin::start().await;
    admin.rig.enrol().await;
    let ada = admin.ada().await;
    let path = format!("users/{ada}/multifactor");
    assert_eq!(
        admin.post(&format!("{path}/actions/invalidate-remember-browser"), json!({})).await.status,
        204
    );
    let unknown = admin.delete(&format!("{path}/abacus")).await.refusal();
    assert_eq!(
        unknown,
        "400 invalid_uri: Path validation error: 'No enum match for: abacus' on property provider."
    );
    assert_eq!(admin.delete(&format!("{path}/duo")).await.status, 204);
    assert_eq!(admin.get(&format!("users/{ada}/enrollments")).await.each("status"), ["confirmed"]);
    assert_eq!(admin.delete(&format!("{path}/google-authenticator")).await.status, 204);
    assert_eq!(admin.get(&format!("users/{ada}/enrollments")).await.value(), json!([]));
    assert_eq!(admin.delete(&format!("{path}/guardian")).await.status, 204);
    let clear = json!({ "connection": "Username-Password-Authentication", "assessors": ["new-device"] });
    assert_eq!(admin.post(&format!("users/{ada}/risk-assessments/clear"), clear).await.status, 204);
}
