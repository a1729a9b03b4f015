//! Where the guard stands in an application: base paths, nested routers, hooks, and what is not set up right.

use axum::Router;
use http::{Method, StatusCode, header};
use serde_json::json;

use crate::bank::{Bank, Browser, WithUsers as _};

async fn bank(
    configure: impl FnOnce(stepup::ClientBuilder) -> stepup::ClientBuilder,
    build: impl FnOnce(Router) -> Router,
) -> Bank {
    let tenant = stepup_tenant::Tenant::builder().start_with_users().await;
    Bank::with(tenant, configure, build).await
}

#[tokio::test]
async fn a_nested_router_behind_a_base_path_comes_back_to_itself() {
    let bank = bank(|client| client.base_path("/bank"), |routes| Router::new().nest("/bank", routes)).await;
    let mut browser = bank.browser();
    logs_in_and_comes_back(&bank, &mut browser).await;
    logs_in_to(&bank, "/bank").await;

    bank.pass(301);
    let login = browser.post("/bank/letters", "/bank/account", "to=bob").await;
    let resume = browser.prove(&bank, &login).await;
    assert_eq!(resume.path(), "/bank/auth/mfa/d/ID/resume", "{resume:?}");
    let done = browser.submit(&resume, &[]).await;
    assert_eq!((done.path(), &*done.body), ("/bank/account", "POST auth0|ada  to=bob"));
}

/// A login that was begun for nothing else ends on the application's own first page.
async fn logs_in_to(bank: &Bank, home: &str) {
    let mut browser = bank.browser();
    let login = browser.open("/bank/auth/login").await;
    let landed = browser.log_in(&login, "ada").await;
    assert_eq!((landed.status, landed.path(), &*landed.body), (StatusCode::OK, home, "auth0|ada"));
}

async fn logs_in_and_comes_back(bank: &Bank, browser: &mut Browser) {
    let login = browser.open("/bank/account?tab=2").await;
    let again = browser.log_in(&login, "ada").await;
    assert_eq!(again.path(), "/u/login", "logged in, and asked for more: {again:?}");
    let account = browser.prove(bank, &again).await;
    assert_eq!(
        (account.status, account.path(), account.url.query()),
        (StatusCode::OK, "/bank/account", Some("tab=2"))
    );
}

#[tokio::test]
async fn an_application_below_a_path_of_its_address_comes_back_below_it() {
    let bank = Bank::below("/bank").await;
    let mut browser = bank.browser();
    logs_in_and_comes_back(&bank, &mut browser).await;
    logs_in_to(&bank, "/bank/").await;

    bank.pass(301);
    let due = browser.fetch(Method::GET, "/bank/account", None).await;
    let step_up_url = due.body["step_up_url"].as_str().unwrap();
    assert!(step_up_url.starts_with("/bank/auth/login?acr_values="), "{step_up_url}");
    let login = browser.post("/bank/letters", "/bank/account", "to=bob").await;
    let resume = browser.prove(&bank, &login).await;
    assert_eq!(resume.path(), "/bank/auth/mfa/d/ID/resume", "{resume:?}");
    let done = browser.submit(&resume, &[]).await;
    assert_eq!((done.path(), &*done.body), ("/bank/account", "POST auth0|ada  to=bob"));
}

#[tokio::test]
async fn a_hook_that_drops_claims_breaks_no_guard() {
    let bank = bank(
        |client| client.before_session_saved(|session| session.retain_claims(|_| false)),
        |routes| routes,
    )
    .await;
    let mut browser = bank.logged_in().await;
    let login = browser.open("/account").await;
    assert_eq!(browser.prove(&bank, &login).await.status, StatusCode::OK);
    let claims = browser.fetch(Method::GET, "/auth/profile", None).await;
    assert_eq!(claims.body, json!({ "sub": "auth0|ada" }));
}

#[tokio::test]
async fn pages_that_are_off_are_the_tenants() {
    let bank = bank(|client| client.mfa_pages(stepup::pages::PageOptions::off()), |routes| routes).await;
    let mut browser = bank.logged_in().await;
    let login = browser.open("/transfer").await;
    assert_eq!(login.path(), "/u/login", "{login:?}");
    let done = browser.prove(&bank, &login).await;
    assert_eq!((done.status, done.path()), (StatusCode::OK, "/transfer"), "{done:?}");
    assert!(done.body.contains("transfer:funds"), "{}", done.body);
}

#[tokio::test]
async fn a_handler_without_its_layer_is_a_fault() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let fault = browser.fetch(Method::GET, "/bare", None).await;
    assert_eq!(
        (fault.status, &fault.body["error"]),
        (StatusCode::INTERNAL_SERVER_ERROR, &json!("server_error"))
    );
}

#[tokio::test]
async fn a_form_of_another_site_is_not_kept() {
    let bank = Bank::open().await;
    let browser = bank.logged_in().await;
    let line: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let answer = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
        .post(format!("{}/account", bank.url))
        .header(header::COOKIE, line.join("; "))
        .header(header::ACCEPT, "text/html")
        .header(header::ORIGIN, "https://evil.example")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("to=mallory")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let cookies: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().collect();
    assert!(cookies.iter().all(|cookie| !cookie.to_str().unwrap().starts_with("__mfa_")), "{cookies:?}");
}

#[tokio::test]
async fn the_body_of_what_passes_is_not_touched() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let login = browser.open("/account").await;
    browser.prove(&bank, &login).await;
    let large = format!("note={}", "x".repeat(1_000_000));
    let done = browser.post("/letters", "/account", &large).await;
    assert_eq!((done.status, done.body.len()), (StatusCode::OK, large.len() + "POST auth0|ada  ".len()));
}
