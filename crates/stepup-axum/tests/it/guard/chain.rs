//! Several factors one after the other are one proof, by all of them.

use http::{Method, StatusCode};
use serde_json::json;
use stepup_tenant::Tenant;

use super::Bank;

#[tokio::test]
async fn a_chain_is_a_proof_by_each_of_its_factors() {
    let tenant = Tenant::builder().config_yaml(TWO_FACTORS).start().await.unwrap();
    let bank = Bank::with(tenant, |client| client, |routes| routes).await;
    let mut browser = bank.browser();
    let page = browser.open("/auth/login").await;
    browser.log_in(&page, "ada").await;

    let first = browser.fetch(Method::GET, "/transfer-app", None).await;
    let token = first.body["mfa_token"].as_str().unwrap().to_owned();
    let enroll = Some(json!({ "authenticator_types": ["otp"] }));
    let app = browser.call(Method::POST, "/auth/mfa/associate", enroll, Some(&token)).await;
    let code = bank.tenant.totp(app.body["secret"].as_str().unwrap()).unwrap();
    let next = browser.verify(&first, json!({ "otp": code })).await;
    assert_eq!(
        (next.status, &next.body["error"]),
        (StatusCode::FORBIDDEN, &json!("mfa_required")),
        "{next:?}"
    );
    let still = browser.fetch(Method::GET, "/transfer-app", None).await;
    assert_eq!(still.body["error"], "mfa_required", "half a proof is none: {still:?}");

    let recovery_code = app.body["recovery_codes"][0].as_str().unwrap();
    let verified = browser.verify(&next, json!({ "recovery_code": recovery_code })).await;
    assert_eq!(verified.status, StatusCode::OK, "{verified:?}");
    let done = browser.fetch(Method::GET, "/transfer-app", None).await;
    assert_eq!(done.status, StatusCode::OK, "the app was the first of two: {done:?}");
}

const TWO_FACTORS: &str = r#"
clients:
  - name: webapp
    client_id: stepup-webapp
    client_secret: stepup-webapp-secret
    app_type: regular_web
    grant_types:
      - authorization_code
      - refresh_token
      - http://auth0.com/oauth/grant-type/mfa-otp
      - http://auth0.com/oauth/grant-type/mfa-recovery-code
      - http://auth0.com/oauth/grant-type/mfa-oob
    callbacks: ["http://localhost:*"]
    refresh_token:
      rotation_type: rotating
      policies:
        - audience: https://api.example.com
          scope: [transfer:funds]
resourceServers:
  - identifier: https://api.example.com
    allow_offline_access: true
    skip_consent_for_verifiable_first_party_clients: true
    scopes: [{ value: transfer:funds }]
databases:
  - name: Username-Password-Authentication
guardianFactors:
  - { name: otp, enabled: true }
  - { name: recovery-code, enabled: true }
actions:
  - name: two
    code: |
      exports.onExecutePostLogin = async (event, api) => {
        if (event.request.body?.grant_type !== "refresh_token") return;
        if (event.resource_server?.identifier !== "https://api.example.com") return;
        api.authentication.enrollWith({ type: "otp" });
        api.authentication.challengeWith({ type: "recovery-code" });
      };
    supported_triggers: [{ id: post-login, version: v3 }]
triggers:
  post-login:
    - { action_name: two, display_name: two }
"#;
