//! What an attacker tries, refused: one test each.

mod factors;
mod grants;
mod outside;
mod pages;

use serde_json::{Value, json};
use stepup_tenant::Tenant;

use crate::rig::{ADA, Config, PASSWORD, Rig, WEBAPP, WEBAPP_SECRET};

const EVE: &str = "eve@example.com";
const INVALID_CODE: &str = "403 invalid_grant: Invalid authorization code";
const DEAD: &str = "403 invalid_grant: Unknown or invalid refresh token.";

/// A tenant whose users are Ada and Eve, where every login needs a second factor: an app, a message or a recovery code.
async fn rig_for_two() -> Rig {
    let yaml = Config { policy: "all-applications", ..Config::default() }.yaml().replacen(
        "guardianFactors:\n",
        "guardianFactors:\n  - { name: sms, enabled: true }\n",
        1,
    );
    Rig::built(Tenant::builder().config_yaml(&yaml).users_json(&users())).await
}

fn users() -> String {
    let user = |email: &str, id: &str| json!({ "user_id": id, "email": email, "email_verified": true, "password": PASSWORD });
    json!([user(ADA, "ada"), user(EVE, "eve")]).to_string()
}

/// The `mfa_token` of a password login.
async fn mfa_token(rig: &Rig, username: &str) -> String {
    let fields = [("grant_type", "password"), ("username", username), ("password", PASSWORD)];
    rig.token(&fields).await.mfa_token()
}

/// Enrols an app: its secret.
async fn enrol_app(rig: &Rig, username: &str) -> String {
    let mfa_token = mfa_token(rig, username).await;
    let secret = rig.associate(&mfa_token).await.text("secret");
    assert_eq!(rig.verify_otp(&mfa_token, &rig.code(&secret)).await.status, 200);
    rig.advance(60);
    secret
}

/// Enrols a phone.
async fn enrol_phone(rig: &Rig, username: &str, number: &str) {
    let mfa_token = mfa_token(rig, username).await;
    let body = json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": number });
    let begun = rig.json("/mfa/associate", Some(&mfa_token), &body).await;
    let code = sent_code(rig).await;
    let verified = verify_oob(rig, &mfa_token, &begun.text("oob_code"), &code).await;
    assert_eq!(verified.status, 200, "{}", verified.body);
    rig.advance(60);
}

/// The code in the last message.
async fn sent_code(rig: &Rig) -> String {
    rig.tenant.messages().await.unwrap().first().unwrap().code.clone().unwrap()
}

async fn verify_oob(rig: &Rig, mfa_token: &str, oob_code: &str, binding_code: &str) -> crate::rig::Answer {
    rig.token(&[
        ("grant_type", crate::rig::OOB_GRANT),
        ("mfa_token", mfa_token),
        ("oob_code", oob_code),
        ("binding_code", binding_code),
    ])
    .await
}

fn challenge(mfa_token: &str, more: &Value) -> Value {
    let mut body = json!({ "client_id": WEBAPP, "client_secret": WEBAPP_SECRET, "mfa_token": mfa_token });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}
