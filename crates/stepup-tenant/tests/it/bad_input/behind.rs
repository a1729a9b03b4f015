//! Calls whose credentials are right, with one thing in them that is not.

use serde_json::{Value, json};

use super::{HOSTILE, assert_told};
use crate::rig::{
    ADA, API, Browser, CALLBACK, CHALLENGE, Config, OOB_GRANT, OTP_GRANT, PASSWORD, RECOVERY_GRANT, Rig,
    VERIFIER, WEBAPP, WEBAPP_SECRET, authorize_path,
};

/// A member in place of another: what JSON can hold, and a form cannot.
pub(super) fn mistyped() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1.5e300),
        json!([]),
        json!(["a", 1, null, {}]),
        json!({}),
        json!({ "a": { "b": [] } }),
        json!("x".repeat(20_000)),
    ]
}

async fn try_all(rig: &Rig, path: &str, bearer: Option<&str>, good: &Value) {
    let names: Vec<_> = good.as_object().unwrap().keys().cloned().collect();
    let values = mistyped().into_iter().chain(HOSTILE.iter().map(|text| json!(text)));
    for value in values {
        for name in &names {
            let mut body = good.clone();
            body[name] = value.clone();
            let what = format!("{path} {name} = {}", value.to_string().chars().take(60).collect::<String>());
            assert_told(&rig.json(path, bearer, &body).await, &what);
            if let Value::String(text) = &value {
                let fields: Vec<_> = body
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(held, value)| {
                        (held.as_str(), if held == name { text } else { value.as_str().unwrap_or_default() })
                    })
                    .collect();
                assert_told(&rig.form(path, &fields).await, &what);
            }
        }
    }
}

fn with_credentials(more: &Value) -> Value {
    let mut body = json!({ "client_id": WEBAPP, "client_secret": WEBAPP_SECRET });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn token_requests() {
    let rig = Rig::with(&Config { stepup: "{ code_attempts: 0 }", ..Config::default() }).await;
    let refresh_token = rig.refresh_token().await;
    for more in [
        json!({ "grant_type": "password", "username": ADA, "password": PASSWORD, "scope": "openid", "audience": API }),
        json!({ "grant_type": "http://auth0.com/oauth/grant-type/password-realm", "username": ADA, "password": PASSWORD, "realm": "Username-Password-Authentication" }),
        json!({ "grant_type": "refresh_token", "refresh_token": refresh_token, "scope": "openid", "audience": API }),
        json!({ "grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK, "code_verifier": VERIFIER }),
        json!({ "grant_type": OTP_GRANT, "mfa_token": "x", "otp": "123456" }),
        json!({ "grant_type": OOB_GRANT, "mfa_token": "x", "oob_code": "x", "binding_code": "123456" }),
        json!({ "grant_type": RECOVERY_GRANT, "mfa_token": "x", "recovery_code": "x" }),
        json!({ "grant_type": "client_credentials", "audience": API, "client_assertion": "a.b.c", "client_assertion_type": "x" }),
    ] {
        try_all(&rig, "/oauth/token", None, &with_credentials(&more)).await;
    }
}

#[tokio::test]
async fn pushed_requests_and_revocations() {
    let rig = Rig::with(&Config::default()).await;
    let request = json!({
        "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid", "state": "s", "nonce": "n",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", "audience": API, "max_age": "10",
        "prompt": "login", "acr_values": "x", "response_mode": "query", "dpop_jkt": "x", "login_hint": ADA,
    });
    try_all(&rig, "/oauth/par", None, &with_credentials(&request)).await;
    try_all(&rig, "/oauth/revoke", None, &with_credentials(&json!({ "token": "x", "token_type_hint": "x" })))
        .await;
}

#[tokio::test]
async fn the_mfa_api_with_a_token_that_is_good() {
    let rig = Rig::with(&Config::policy("all-applications")).await;
    let mfa_token = rig.password(&[]).await.mfa_token();
    let associate = json!({
        "authenticator_types": ["otp"], "oob_channels": ["sms"], "phone_number": "+15005550006", "email": "a@example.com",
    });
    try_all(&rig, "/mfa/associate", Some(&mfa_token), &associate).await;
    let challenge =
        json!({ "mfa_token": mfa_token, "challenge_type": "otp oob", "authenticator_id": "totp|dev_x" });
    try_all(&rig, "/mfa/challenge", None, &with_credentials(&challenge)).await;
    for (grant, name) in [(OTP_GRANT, "otp"), (OOB_GRANT, "oob_code"), (RECOVERY_GRANT, "recovery_code")] {
        let verify =
            json!({ "grant_type": grant, "mfa_token": mfa_token, name: "123456", "binding_code": "123456" });
        try_all(&rig, "/oauth/token", None, &with_credentials(&verify)).await;
    }
    for text in HOSTILE {
        let id: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let request = rig.http.delete(rig.at(&format!("/mfa/authenticators/{id}")));
        assert_told(&rig.send(request.header("authorization", format!("Bearer {mfa_token}"))).await, text);
    }
}

#[tokio::test]
async fn authorization_requests() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    for name in [
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "acr_values",
        "audience",
        "code_challenge",
        "code_challenge_method",
        "login_hint",
        "screen_hint",
        "ui_locales",
        "connection",
        "organization",
        "dpop_jkt",
        "request",
        "request_uri",
        "id_token_hint",
        "ext-x",
    ] {
        for text in HOSTILE {
            let page = browser.open(&authorize_path(&[(name, text)])).await;
            // A redirect leads to the callback or to our own page, whatever was sent.
            let url = page.url.as_str();
            assert!(
                url.starts_with(CALLBACK) || url.starts_with(rig.tenant.issuer()),
                "{name} {text}: {url}"
            );
            assert!((200..500).contains(&page.answer.status), "{name} {text}: {}", page.answer.status);
            assert!(
                !page.answer.body.contains("<script>alert") && !page.answer.body.contains("<img src=x"),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn forms_of_pages() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let state = page.state();
    for path in [
        "/u/login",
        "/u/signup",
        "/u/consent",
        "/u/mfa-otp-challenge",
        "/u/mfa-otp-enrollment",
        "/u/mfa-recovery-code-challenge",
        "/u/mfa-recovery-code-enrollment",
        "/u/mfa-enroll-options",
        "/u/mfa-login-options",
        "/u/reset-password/request",
        "/u/reset-password",
        "/continue",
        "/authorize/resume",
    ] {
        let url = page.url.join(path).unwrap();
        for text in HOSTILE {
            let fields = [
                ("state", state.as_str()),
                ("action", text),
                ("username", text),
                ("password", text),
                ("email", text),
                ("code", text),
                ("phone", text),
                ("ticket", text),
                ("remember_browser", text),
            ];
            let end = browser.post(&url, &fields).await;
            assert_told(&end.answer, &format!("{path} {text}"));
            assert!(
                !end.answer.body.contains("<script>alert") && !end.answer.body.contains("<img src=x"),
                "{path}"
            );
        }
    }
}
