//! Several factors one after the other are one proof, by all of them.

use http::{Method, StatusCode};
use serde_json::json;
use stepup_tenant::Tenant;

use crate::bank::{Bank, Browser, Page, WithUsers as _};

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

/// A bank whose API wants these factors, one after the other; Ada has an authenticator app and an e-mail address.
async fn bank_that_asks_for(factors: &[&str]) -> (Bank, Browser) {
    let asks =
        factors.iter().map(|factor| format!("api.authentication.challengeWith({{ type: \"{factor}\" }});"));
    let config = TWO_FACTORS
        .replace("api.authentication.enrollWith({ type: \"otp\" });", &asks.collect::<String>())
        .replace("api.authentication.challengeWith({ type: \"recovery-code\" });", "")
        .replace("guardianFactors:", "guardianFactors:\n  - { name: email, enabled: true }");
    let tenant = Tenant::builder().config_yaml(&config).start_with_users().await;
    let bank = Bank::with(tenant, |client| client, |routes| routes).await;
    let browser = bank.logged_in().await;
    (bank, browser)
}

/// Has a code sent by e-mail, and enters it: where that leads.
async fn give_code_by_email(bank: &Bank, browser: &mut Browser, page: &Page) -> Page {
    let page = browser.submit(page, &[("action", "use")]).await;
    let messages = bank.tenant.messages().await.unwrap();
    let code = messages.into_iter().find_map(|message| message.code).unwrap();
    browser.submit(&page, &[("action", "code"), ("code", &code)]).await
}

#[tokio::test]
async fn a_factor_that_comes_before_the_guards_own_is_proved_first() {
    let (bank, mut browser) = bank_that_asks_for(&["email", "otp"]).await;
    let first = browser.open("/transfer-app?to=bob").await;
    assert_eq!((first.status, first.path()), (StatusCode::OK, "/auth/mfa/d/ID"), "{first:?}");
    assert!(
        first.body.contains("This page needs: Authenticator app. This step comes first."),
        "{}",
        first.body
    );
    assert!(!first.body.contains("id=\"code\""), "the app's code would not be taken: {}", first.body);

    let next = give_code_by_email(&bank, &mut browser, &first).await;
    assert_eq!((next.status, next.path()), (StatusCode::OK, "/auth/mfa/d/ID"), "{next:?}");
    assert!(next.body.contains("That was right. This needs one more step."), "{}", next.body);
    let code = bank.code();
    let done = browser.submit(&next, &[("action", "code"), ("code", &code)]).await;
    assert_eq!(
        (done.status, done.path(), done.url.query()),
        (StatusCode::OK, "/transfer-app", Some("to=bob"))
    );
}

#[tokio::test]
async fn a_chain_without_the_guards_own_factor_will_not_do() {
    let (bank, mut browser) = bank_that_asks_for(&["email"]).await;
    let first = browser.open("/transfer-app").await;
    let stopped = give_code_by_email(&bank, &mut browser, &first).await;
    assert_eq!((stopped.status, stopped.path()), (StatusCode::FORBIDDEN, "/transfer-app"), "{stopped:?}");
    assert!(stopped.body.contains("This page needs: Authenticator app."), "{}", stopped.body);
}
