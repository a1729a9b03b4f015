//! A token that lacks the guard's scope passes nobody, whoever the user proved to be.

use http::{Method, StatusCode, header};
use serde_json::json;
use stepup::Format;
use stepup_tenant::Tenant;

use crate::bank::{API, Bank, Browser, WithUsers as _};

const TWO_FACTORS: &str = include_str!("../../../../stepup/tests/fixtures/two-factors.yaml");
const CHALLENGE: &str = "api.authentication.challengeWith({ type: \"otp\" });";
const LESS_WITHOUT_A_FACTOR: &str = "if (!event.authentication?.methods.some(({ name }) => name === \"mfa\")) \
     api.accessToken.removeScope(\"transfer:funds\");";

/// A bank whose API asks for the app's code, and then grants what this says.
async fn bank(then: &str) -> Bank {
    bank_in(Format::Stepup, then).await
}

async fn bank_in(format: Format, then: &str) -> Bank {
    let config = TWO_FACTORS
        .replace("api.authentication.enrollWith({ type: \"otp\" });", then)
        .replace("api.authentication.challengeWith({ type: \"recovery-code\" });", "");
    let tenant = Tenant::builder().config_yaml(&config).start_with_users().await;
    Bank::with(tenant, |client| client.format(format), |routes| routes).await
}

async fn bank_that_grants_less() -> Bank {
    bank(&format!("{CHALLENGE} api.accessToken.removeScope(\"transfer:funds\");")).await
}

/// Steps up as a script does: whom the guard of `path` asked.
async fn step_up(bank: &Bank, browser: &mut Browser, path: &str) {
    let due = browser.fetch(Method::GET, path, None).await;
    let verified = browser.verify(&due, json!({ "otp": bank.code() })).await;
    assert_eq!(verified.status, StatusCode::OK, "{verified:?}");
}

#[tokio::test]
async fn a_script_is_told_by_rfc_6750_and_asked_once() {
    let bank = bank_that_grants_less().await;
    for path in ["/transfer", "/transfer-rfc", "/transfer-type", "/transfer-once"] {
        let mut browser = bank.logged_in().await;
        let due = browser.fetch(Method::GET, path, None).await;
        let token = due.body["mfa_token"].as_str().unwrap();
        let code = json!({ "otp": bank.code() });
        browser.call(Method::POST, "/auth/mfa/verify", Some(code), Some(token)).await;
        let requests = bank.token_requests();
        for _ in 0..2 {
            let refused = browser.fetch(Method::GET, path, None).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path} {refused:?}");
            assert_eq!(
                refused.body,
                json!({
                    "error": "insufficient_scope",
                    "error_description": "The access token was not granted the scope that is needed.",
                    "scope": "transfer:funds",
                })
            );
            assert_eq!(
                refused.headers[header::WWW_AUTHENTICATE],
                "Bearer error=\"insufficient_scope\", \
                 error_description=\"The access token was not granted the scope that is needed\", \
                 scope=\"transfer:funds\""
            );
        }
        assert_eq!(bank.token_requests(), requests, "the tenant has just been asked");
    }
}

#[tokio::test]
async fn a_page_and_a_kept_form_end_on_a_page_that_says_so() {
    let bank = bank_that_grants_less().await;
    let mut browser = bank.logged_in().await;
    let page = browser.open("/transfer").await;
    let code = bank.code();
    let refused = browser.submit(&page, &[("action", "code"), ("code", &code)]).await;
    assert_eq!((refused.status, refused.path()), (StatusCode::FORBIDDEN, "/transfer"), "{refused:?}");
    assert!(refused.body.contains("<h1>You may not do this</h1>"), "{}", refused.body);

    bank.pass(301);
    let page = browser.post("/letters", "/transfer", "to=bob").await;
    let code = bank.code();
    let resume = browser.submit(&page, &[("action", "code"), ("code", &code)]).await;
    assert_eq!(resume.path(), "/auth/mfa/d/ID/resume", "{resume:?}");
    for _ in 0..2 {
        let refused = browser.submit(&resume, &[]).await;
        assert_eq!((refused.status, refused.path()), (StatusCode::FORBIDDEN, "/transfer"), "{refused:?}");
        assert!(refused.body.contains("href=\"/letters\""), "back to the form: {}", refused.body);
    }
    assert_eq!(browser.prefetch("/transfer").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_proof_that_was_refused_its_scope_is_good_for_who_needs_none() {
    let bank = bank_that_grants_less().await;
    let mut browser = bank.logged_in().await;
    step_up(&bank, &mut browser, "/transfer").await;
    assert_eq!(browser.fetch(Method::GET, "/transfer", None).await.status, StatusCode::FORBIDDEN);
    for path in ["/account", "/app", "/ever"] {
        assert_eq!(browser.fetch(Method::GET, path, None).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_proof_that_counts_once_is_not_spent_on_a_refusal() {
    let bank = bank_that_grants_less().await;
    let mut browser = bank.logged_in().await;
    browser.fetch(Method::GET, "/once", None).await;
    step_up(&bank, &mut browser, "/transfer-once").await;
    for _ in 0..2 {
        let refused = browser.fetch(Method::GET, "/transfer-once", None).await;
        assert_eq!(refused.body["error"], "insufficient_scope", "{refused:?}");
    }
    assert_eq!(browser.fetch(Method::GET, "/once", None).await.status, StatusCode::OK);
    assert_eq!(browser.fetch(Method::GET, "/once", None).await.status, StatusCode::UNAUTHORIZED);
}

/// Gets tokens of before the proof, which lack the scope, and then proves a factor on the tenant's pages, as the guard of
/// `path` asks.
async fn prove_after_the_token(bank: &Bank, path: &str) -> Browser {
    let mut browser = bank.logged_in().await;
    for scope in ["transfer:funds", "transfer:funds+transfer:shares"] {
        let wanted = format!("/auth/access-token?audience={API}&scope={scope}");
        let held = browser.fetch(Method::GET, &wanted, None).await;
        assert!(!held.body["scope"].as_str().unwrap().contains("transfer"), "{held:?}");
    }
    bank.pass(1);
    let page = browser.open(path).await;
    // Where nobody asks for a recent login, the tenant asks for the second factor alone, and tells no time of it.
    let proved = match page.path() {
        "/u/login" => browser.prove(bank, &page).await,
        _ => browser.submit(&page, &[("code", &bank.code())]).await,
    };
    assert_eq!((proved.status, proved.path()), (StatusCode::OK, path), "{proved:?}");
    browser
}

#[tokio::test]
async fn a_token_of_before_the_proof_does_not_speak_for_the_tenant() {
    let bank = bank(LESS_WITHOUT_A_FACTOR).await;
    let mut browser = prove_after_the_token(&bank, "/account").await;
    let done = browser.fetch(Method::GET, "/transfer", None).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
}

#[tokio::test]
async fn a_tenant_that_does_not_answer_refuses_nothing() {
    let bank = bank(LESS_WITHOUT_A_FACTOR).await;
    let mut browser = prove_after_the_token(&bank, "/account").await;
    for (fault, told) in [
        (json!({ "status": 503 }), StatusCode::SERVICE_UNAVAILABLE),
        (json!({ "status": 429 }), StatusCode::TOO_MANY_REQUESTS),
        (json!({ "drop": true }), StatusCode::SERVICE_UNAVAILABLE),
        (json!({ "status": 403, "body": { "error": "invalid_grant" } }), StatusCode::UNAUTHORIZED),
    ] {
        let mut failing = fault.clone();
        failing["path"] = "/oauth/token".into();
        bank.tenant.fail_next(serde_json::from_value(failing).unwrap());
        let failed = browser.fetch(Method::GET, "/transfer", None).await;
        assert_eq!(failed.status, told, "{fault} {failed:?}");
        assert_ne!(failed.body["error"], "insufficient_scope", "{fault} {failed:?}");
    }
    let done = browser.fetch(Method::GET, "/transfer", None).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
}

/// Asks those for another proof who have one and refresh.
fn another_proof_at_a_refresh() -> String {
    let proved = "event.authentication?.methods.some(({ name }) => name === \"mfa\")";
    format!("if ({proved} && event.transaction?.protocol === \"oauth2-refresh-token\") {CHALLENGE}")
}

#[tokio::test]
async fn a_proof_that_the_tenant_asks_for_may_bring_what_the_token_lacks() {
    let bank = bank(&format!("{LESS_WITHOUT_A_FACTOR} {}", another_proof_at_a_refresh())).await;
    for path in ["/account", "/ever"] {
        let mut browser = prove_after_the_token(&bank, path).await;
        step_up(&bank, &mut browser, "/transfer-ever").await;
        let done = browser.fetch(Method::GET, "/transfer-ever", None).await;
        assert_eq!(done.status, StatusCode::OK, "{path} {done:?}");
    }
}

#[tokio::test]
async fn the_answer_to_a_proof_is_the_tenants_last_word() {
    let never = "api.accessToken.removeScope(\"transfer:funds\");";
    for format in [Format::Stepup, Format::NextjsAuth0, Format::Auth0ServerPython] {
        let bank = bank_in(format, &format!("{never} {}", another_proof_at_a_refresh())).await;
        for path in ["/account", "/ever"] {
            let mut browser = prove_after_the_token(&bank, path).await;
            step_up(&bank, &mut browser, "/transfer-ever").await;
            let requests = bank.token_requests();
            for _ in 0..2 {
                let refused = browser.fetch(Method::GET, "/transfer-ever", None).await;
                assert_eq!(refused.body["error"], "insufficient_scope", "{format:?} {path} {refused:?}");
                bank.pass(301);
            }
            assert_eq!(bank.token_requests(), requests, "{format:?} {path}: it is in the session");
        }
    }
}
