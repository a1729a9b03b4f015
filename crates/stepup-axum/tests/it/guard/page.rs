//! Browsers that navigate: off to the tenant and back, forms kept.

use http::{Method, StatusCode};
use serde_json::json;
use stepup_tenant::Tenant;

use crate::bank::{API, Bank, Page, WithUsers as _, attribute};

const ACR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

#[tokio::test]
async fn a_page_asks_once_until_the_proof_is_too_old() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let login = browser.open("/account?tab=2").await;
    let asked = bank.authorization();
    assert_eq!((&*asked["acr_values"], &*asked["prompt"], &*asked["max_age"]), (ACR, "login", "3600"));
    let account = browser.prove(&bank, &login).await;
    assert_eq!((account.status, &*account.body), (StatusCode::OK, "GET auth0|ada  "));
    assert_eq!(account.url.query(), Some("tab=2"));

    bank.pass(269);
    assert_eq!(browser.open("/letters").await.status, StatusCode::OK, "299 seconds old");
    assert_eq!(browser.open("/ever").await.status, StatusCode::OK);
    bank.pass(2);
    let login = browser.open("/account").await;
    assert_eq!(login.path(), "/u/login", "301 seconds old: {login:?}");
    assert_eq!(browser.open("/ever").await.status, StatusCode::OK, "no age was said");
    assert_eq!(browser.prove(&bank, &login).await.body, "GET auth0|ada  ");
}

#[tokio::test]
async fn whoever_comes_back_without_an_answer_is_asked_again() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    for _ in 0..3 {
        let login = browser.open("/account").await;
        assert_eq!(login.path(), "/u/login", "{login:?}");
    }
}

#[tokio::test]
async fn a_form_is_kept_over_the_detour() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let form = "to=bob&note=%C3%BC+%22%3C%26&amount=25&to=";
    let login = browser.post("/letters", "/account", form).await;
    let again = browser.prove(&bank, &login).await;
    assert_eq!(again.path(), "/auth/mfa/d/ID/resume", "{again:?}");
    let done = browser.submit(&again, &[]).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let form: String = done.body.strip_prefix("POST auth0|ada  ").unwrap().to_owned();
    assert_eq!(form, "to=bob&note=%C3%BC+%22%3C%26&amount=25&to=");
}

#[tokio::test]
async fn two_tabs_keep_their_own_forms() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let first = browser.post("/letters", "/account", "tab=1").await;
    let second = browser.post("/letters", "/letters", "tab=2").await;
    let again = browser.prove(&bank, &second).await;
    assert_eq!(browser.submit(&again, &[]).await.body, "POST auth0|ada  tab=2");
    let again = browser.prove(&bank, &first).await;
    assert_eq!(browser.submit(&again, &[]).await.body, "POST auth0|ada  tab=1");
}

#[tokio::test]
async fn somebody_else_who_logs_in_sends_nothing() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let login = browser.post("/letters", "/account", "to=bob").await;
    let challenge = browser.log_in(&login, "bob").await;
    let code = bank.code();
    let stopped = browser.submit(&challenge, &[("code", &code)]).await;
    assert_eq!((stopped.status, stopped.path()), (StatusCode::BAD_REQUEST, "/auth/callback"), "{stopped:?}");
    assert!(stopped.body.contains("<h1>You logged in as somebody else</h1>"), "{}", stopped.body);
    assert_eq!(browser.open("/").await.body, "auth0|ada");

    let login = browser.open(&way_on(&stopped)).await;
    assert_eq!(bank.authorization()["prompt"], "login", "else the tenant answers with Bob once more");
    let again = browser.prove(&bank, &login).await;
    assert_eq!(browser.submit(&again, &[]).await.body, "POST auth0|ada  to=bob");
}

#[tokio::test]
async fn what_the_session_held_is_there_after_the_way_over_the_tenants_pages() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::GET, "/transfer", None).await;
    browser.verify(&due, json!({ "otp": bank.code() })).await;
    let kept = browser.post("/", "/basket", "a book").await.body;

    bank.pass(301);
    let login = browser.open("/account").await;
    assert_eq!(bank.authorization()["login_hint"], "ada@example.com");
    assert_eq!(browser.prove(&bank, &login).await.path(), "/account");
    assert_eq!(browser.open("/basket").await.body, kept);
    let requests = bank.token_requests();
    let token = browser
        .fetch(Method::GET, &format!("/auth/access-token?audience={API}&scope=transfer:funds"), None)
        .await;
    assert_eq!((token.status, bank.token_requests()), (StatusCode::OK, requests), "it was held: {token:?}");
}

#[tokio::test]
async fn a_script_that_sends_the_user_to_step_up_keeps_the_session() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let kept = browser.post("/", "/basket", "a book").await.body;
    let due = browser.fetch(Method::GET, "/account", None).await;
    let url = format!("{}&returnTo=%2Fbasket", due.body["step_up_url"].as_str().unwrap());
    let login = browser.open(&url).await;
    assert_eq!(browser.prove(&bank, &login).await.body, kept);
}

#[tokio::test]
async fn a_form_that_does_not_fit_beside_the_session_is_said_before_anything_is_spent() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    browser.post("/", "/basket", &"b".repeat(1500)).await;
    let form = format!("note={}", "x".repeat(3991));
    let stopped = browser.post("/letters", "/account", &form).await;
    assert_eq!((stopped.status, stopped.path()), (StatusCode::FORBIDDEN, "/account"), "{stopped:?}");
    assert!(stopped.body.contains("First confirm that it is you"), "{}", stopped.body);
    assert!(browser.cookies.keys().all(|name| !name.starts_with("__mfa")), "{:?}", browser.cookies.keys());
    assert_eq!(bank.token_requests(), 1, "nothing but the login");
}

#[tokio::test]
async fn a_page_beside_a_session_that_leaves_no_room_asks_all_the_same() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    browser.post("/", "/basket", &"b".repeat(3300)).await;
    let login = browser.open("/account?tab=2").await;
    assert_eq!(login.path(), "/u/login", "{login:?}");
    assert_eq!(bank.authorization()["acr_values"], ACR);
    assert!(browser.cookies.keys().all(|name| !name.starts_with("__mfa")), "{:?}", browser.cookies.keys());
    let account = browser.prove(&bank, &login).await;
    assert_eq!((&*account.body, account.url.query()), ("GET auth0|ada  ", Some("tab=2")));
}

#[tokio::test]
async fn a_token_that_has_no_room_beside_the_form_is_left_out() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    browser.post("/", "/basket", &"b".repeat(2000)).await;
    let login = browser.post("/letters", "/transfer", "to=bob").await;
    assert_eq!(login.path(), "/u/login", "over the tenant's pages: {login:?}");
    let again = browser.prove(&bank, &login).await;
    let done = browser.submit(&again, &[]).await;
    assert!(
        done.body.starts_with("POST auth0|ada ") && done.body.ends_with(" transfer:funds to=bob"),
        "{done:?}"
    );
}

#[tokio::test]
async fn a_button_alone_is_an_empty_form() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let login = browser.post("/letters", "/account", "").await;
    assert_eq!(login.path(), "/u/login", "{login:?}");
    let again = browser.prove(&bank, &login).await;
    assert_eq!(browser.submit(&again, &[]).await.body, "POST auth0|ada  ");
}

#[tokio::test]
async fn whoever_logged_out_meanwhile_sends_nothing() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let login = browser.post("/letters", "/account", "to=bob").await;
    browser.cookies.remove("__session");
    let again = browser.prove(&bank, &login).await;
    // The same user is logged in again, so it is theirs to send.
    assert_eq!(browser.submit(&again, &[]).await.body, "POST auth0|ada  to=bob");
}

#[tokio::test]
async fn a_tenant_that_does_not_ask_ends_on_a_page_and_not_in_a_loop() {
    let tenant = Tenant::builder().config_yaml(NEVER).start_with_users().await;
    let bank = Bank::with(tenant, |client| client, |routes| routes).await;
    let mut browser = bank.logged_in().await;
    for _ in 0..2 {
        let login = browser.open("/account").await;
        let stopped = browser.log_in(&login, "ada").await;
        assert_eq!((stopped.status, stopped.path()), (StatusCode::FORBIDDEN, "/auth/mfa/d/ID/resume"));
        assert!(stopped.body.contains("This needs another confirmation"), "{}", stopped.body);
        assert!(!stopped.body.contains("href=\"/account\""), "it would ask again: {}", stopped.body);
        assert!(stopped.body.contains("href=\"/\""), "{}", stopped.body);
    }
    // Where nothing but a proof is asked for, the tenant's own session may answer without a page.
    for _ in 0..2 {
        let stopped = browser.open("/ever").await;
        assert_eq!((stopped.status, stopped.path()), (StatusCode::FORBIDDEN, "/auth/mfa/d/ID/resume"));
    }
}

#[tokio::test]
async fn a_form_waits_until_the_proof_is_there() {
    let tenant = Tenant::builder().config_yaml(NEVER).start_with_users().await;
    let bank = Bank::with(tenant, |client| client, |routes| routes).await;
    let mut browser = bank.logged_in().await;
    let login = browser.post("/letters", "/account", "to=bob").await;
    let stopped = browser.log_in(&login, "ada").await;
    assert_eq!((stopped.status, stopped.path()), (StatusCode::FORBIDDEN, "/auth/mfa/d/ID/resume"));
    assert!(!stopped.body.contains("<form"), "nothing is sent: {}", stopped.body);
    let login = browser.open(&way_on(&stopped)).await;
    assert_eq!(bank.authorization()["prompt"], "login");
    let stopped = browser.log_in(&login, "ada").await;
    assert_eq!(stopped.path(), "/auth/mfa/d/ID/resume", "the detour is still there: {stopped:?}");
    assert_eq!(stopped.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_tenants_word_mfa_tells_no_factor() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let page = browser.open("/app").await;
    assert_eq!(page.path(), "/u/mfa-otp-challenge", "{page:?}");
    let code = bank.code();
    let stopped = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(
        (stopped.status, stopped.path()),
        (StatusCode::FORBIDDEN, "/auth/mfa/d/ID/resume"),
        "{stopped:?}"
    );
    assert!(stopped.body.contains("This page needs: Authenticator app."), "{}", stopped.body);
    assert_eq!(browser.open("/ever").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_kept_is_said_and_may_be_sent_again() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let large = format!("note={}", "x".repeat(5000));
    let stopped = browser.post("/letters", "/account", &large).await;
    assert_eq!((stopped.status, stopped.path()), (StatusCode::FORBIDDEN, "/account"));
    assert!(stopped.body.contains("First confirm that it is you"), "{}", stopped.body);
    let login = browser.open(&way_on(&stopped)).await;
    let back = browser.prove(&bank, &login).await;
    assert_eq!(back.path(), "/letters", "{back:?}");
    let done = browser.post("/letters", "/account", &large).await;
    assert_eq!((done.status, done.body.len()), (StatusCode::OK, large.len() + "POST auth0|ada  ".len()));
}

#[tokio::test]
async fn an_extractor_asks_and_says_that_it_keeps_no_form() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let stopped = browser.post("/", "/strict", "to=bob").await;
    assert!(stopped.body.contains("First confirm that it is you"), "{}", stopped.body);
    let login = browser.open("/strict").await;
    assert_eq!(browser.prove(&bank, &login).await.body, "auth0|ada");
    assert_eq!(browser.post("/", "/strict", "to=bob").await.body, "auth0|ada");
}

#[tokio::test]
async fn a_form_that_cannot_be_kept_passes_after_the_way_over_the_tenants_pages() {
    let tenant = Tenant::builder().start_with_users().await;
    let off = stepup::pages::PageOptions::off;
    let bank = Bank::with(tenant, |client| client.mfa_pages(off()), |routes| routes).await;
    let large = format!("note={}", "x".repeat(5000));
    for (path, form, expected) in
        [("/transfer", &*large, "POST auth0|ada "), ("/transfer-type", "to=bob", "true")]
    {
        let mut browser = bank.logged_in().await;
        let stopped = browser.post("/letters", path, form).await;
        assert_eq!((stopped.status, stopped.path()), (StatusCode::FORBIDDEN, path), "{stopped:?}");
        let login = browser.open(&way_on(&stopped)).await;
        assert_eq!(browser.prove(&bank, &login).await.path(), "/letters");
        let done = browser.post("/letters", path, form).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
        assert!(done.body.starts_with(expected), "{}", done.body);
    }
}

#[tokio::test]
async fn a_form_that_is_sent_on_twice_comes_back_to_where_the_user_was() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let login = browser.post("/letters?page=2", "/once", "to=bob").await;
    let resume = browser.prove(&bank, &login).await;
    assert_eq!(browser.submit(&resume, &[]).await.body, "POST auth0|ada  to=bob");
    let login = browser.submit(&resume, &[]).await;
    let again = browser.prove(&bank, &login).await;
    assert_eq!(again.path(), "/auth/mfa/d/ID/resume", "{again:?}");
    assert!(again.body.contains("href=\"/letters?page=2\""), "{}", again.body);

    browser.submit(&again, &[]).await;
    browser.cookies.remove("__mfa-from");
    let login = browser.submit(&again, &[]).await;
    let unknown = browser.prove(&bank, &login).await;
    assert!(unknown.body.contains("href=\"/\""), "the start page: {}", unknown.body);
}

#[tokio::test]
async fn a_form_of_a_session_that_is_over_is_kept_for_its_user() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    bank.pass(4 * 86_400);
    let login = browser.post("/letters", "/account", "to=bob").await;
    let resume = browser.prove(&bank, &login).await;
    assert_eq!(resume.path(), "/auth/mfa/d/ID/resume", "{resume:?}");
    assert_eq!(browser.submit(&resume, &[]).await.body, "POST auth0|ada  to=bob");

    bank.pass(4 * 86_400);
    let login = browser.post("/letters", "/account", "to=bob").await;
    let challenge = browser.log_in(&login, "bob").await;
    let code = bank.code();
    let stopped = browser.submit(&challenge, &[("code", &code)]).await;
    assert_eq!(
        (stopped.status, stopped.path()),
        (StatusCode::FORBIDDEN, "/auth/mfa/d/ID/resume"),
        "{stopped:?}"
    );
    assert!(stopped.body.contains("This belongs to somebody else"), "{}", stopped.body);
}

#[tokio::test]
async fn a_form_of_nobody_is_not_kept_and_a_page_says_so() {
    let bank = Bank::open().await;
    for path in ["/account", "/transfer", "/strict"] {
        let mut browser = bank.browser();
        let stopped = browser.post("/letters", path, "to=bob").await;
        assert_eq!((stopped.status, stopped.path()), (StatusCode::UNAUTHORIZED, path), "{stopped:?}");
        assert!(stopped.body.contains("<h1>You have been logged out</h1>"), "{}", stopped.body);
        assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
        assert_eq!(way_on(&stopped), "/auth/login?returnTo=%2Fletters");
    }
}

#[tokio::test]
async fn a_browser_that_looks_ahead_is_not_asked_and_begins_nothing() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let login = browser.post("/letters", "/account", "to=bob").await;
    let (requests, cookies) = (bank.token_requests(), browser.cookies.clone());
    for path in ["/account?x=1", "/account?x=2", "/transfer", "/transfer-once", "/once", "/strict"] {
        let ahead = browser.prefetch(path).await;
        assert_eq!((ahead.status, &ahead.body), (StatusCode::NO_CONTENT, &json!("")), "{path}");
        assert!(ahead.headers["cache-control"].to_str().unwrap().contains("no-store"), "{path}");
        assert!(!ahead.headers.contains_key("set-cookie"), "{path} {ahead:?}");
    }
    assert_eq!((bank.token_requests(), &browser.cookies), (requests, &cookies));
    let again = browser.prove(&bank, &login).await;
    assert_eq!(browser.submit(&again, &[]).await.body, "POST auth0|ada  to=bob");
    assert_eq!(
        browser.prefetch("/account").await.body,
        json!("GET auth0|ada  "),
        "what passes may be looked at"
    );
}

/// Where the main link of a notice leads.
pub(super) fn way_on(notice: &Page) -> String {
    attribute(notice.body.split("class=\"primary\"").nth(1).unwrap(), "href").unwrap()
}

const NEVER: &str = r#"
tenant:
  default_directory: Username-Password-Authentication
clients:
  - name: webapp
    client_id: stepup-webapp
    client_secret: stepup-webapp-secret
    app_type: regular_web
    callbacks: ["http://localhost:*"]
    grant_types: [authorization_code, refresh_token]
databases:
  - name: Username-Password-Authentication
guardianFactors:
  - { name: otp, enabled: true }
stepup:
  acr_values_demand_mfa: false
"#;
