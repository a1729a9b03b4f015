//! Several factors one after the other are one proof, by all of them.

use http::{Method, StatusCode};
use serde_json::json;
use stepup_tenant::Tenant;

use crate::bank::Bank;

const TWO_FACTORS: &str = include_str!("../../../../stepup/tests/fixtures/two-factors.yaml");

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
