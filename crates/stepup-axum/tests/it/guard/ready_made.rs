//! Browsers that step up on the ready-made pages, where the tenant asks for a second factor itself.

use http::{Method, StatusCode};
use serde_json::json;

use super::page::way_on;
use crate::bank::{Bank, Browser, Page, WithUsers as _};

/// Gives the app's code on the page for it: where that leads.
async fn give_code(bank: &Bank, browser: &mut Browser, page: Page) -> Page {
    assert_eq!(page.path(), "/auth/mfa/d/ID", "{page:?}");
    let page = chosen(browser, page).await;
    let code = bank.code();
    browser.submit(&page, &[("action", "code"), ("code", &code)]).await
}

/// The page for a code, where there is a choice the first one's.
async fn chosen(browser: &mut Browser, page: Page) -> Page {
    if page.body.contains("id=\"code\"") { page } else { browser.submit(&page, &[("action", "use")]).await }
}

#[tokio::test]
async fn a_page_steps_up_without_leaving_the_bank() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let page = browser.open("/transfer?to=bob").await;
    let done = give_code(&bank, &mut browser, page).await;
    assert_eq!((done.status, done.path(), done.url.query()), (StatusCode::OK, "/transfer", Some("to=bob")));
    assert!(done.body.contains("transfer:funds"), "{}", done.body);
    for path in ["/transfer", "/app", "/account"] {
        assert_eq!(browser.open(path).await.status, StatusCode::OK, "{path}");
    }
    bank.pass(301);
    let again = browser.open("/transfer").await;
    assert_eq!(give_code(&bank, &mut browser, again).await.path(), "/transfer");
}

#[tokio::test]
async fn a_form_is_kept() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let page = browser.post("/letters", "/transfer", "to=bob&amount=25").await;
    let again = give_code(&bank, &mut browser, page).await;
    assert_eq!(again.path(), "/auth/mfa/d/ID/resume", "{again:?}");
    let done = browser.submit(&again, &[]).await;
    assert!(done.body.starts_with("POST auth0|ada ") && done.body.ends_with(" to=bob&amount=25"), "{done:?}");
}

#[tokio::test]
async fn what_cannot_be_kept_passes_after_our_own_pages_by_the_factor_that_is_needed() {
    let bank = Bank::open().await;
    let large = format!("note={}", "x".repeat(5000));
    for path in ["/transfer-app", "/transfer", "/transfer-once", "/transfer-type"] {
        let mut browser = bank.logged_in().await;
        let stopped = browser.post("/letters", path, &large).await;
        assert_eq!((stopped.status, stopped.path()), (StatusCode::FORBIDDEN, path), "{stopped:?}");
        assert!(stopped.body.contains("what you sent is too large"), "{}", stopped.body);
        let page = browser.open(&way_on(&stopped)).await;
        let back = give_code(&bank, &mut browser, page).await;
        assert_eq!((back.status, back.path()), (StatusCode::OK, "/letters"), "{back:?}");
        let done = browser.post("/letters", path, &large).await;
        assert_eq!((done.status, done.path()), (StatusCode::OK, path), "{done:?}");
    }
}

#[tokio::test]
async fn a_factor_that_cannot_be_asked_for_beside_the_session_is_not_asked_for_in_vain() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    browser.post("/", "/basket", &"b".repeat(3300)).await;
    let large = format!("note={}", "x".repeat(5000));
    let stopped = [
        browser.open("/transfer-app").await,
        browser.post("/letters", "/transfer-app", "to=bob").await,
        browser.post("/letters", "/transfer-app", &large).await,
    ];
    for stopped in stopped {
        assert_eq!((stopped.status, stopped.path()), (StatusCode::FORBIDDEN, "/transfer-app"), "{stopped:?}");
        let why = "your browser has no room for the page that asks for it";
        assert!(stopped.body.contains(why), "{}", stopped.body);
        assert!(stopped.body.contains("This page needs: Authenticator app."), "{}", stopped.body);
        assert!(!stopped.body.contains("/auth/login"), "{}", stopped.body);
        // "Try again" alone would end here again.
        assert!(
            stopped.body.contains(r#"<a class="primary" href="/auth/logout">Log out</a>"#),
            "{}",
            stopped.body
        );
    }
    assert!(browser.cookies.keys().all(|name| !name.starts_with("__mfa")), "{:?}", browser.cookies.keys());
}

#[tokio::test]
async fn a_window_of_nothing_passes_once() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    for _ in 0..2 {
        let page = browser.post("/letters", "/transfer-once", "amount=25").await;
        let again = give_code(&bank, &mut browser, page).await;
        assert_eq!(browser.submit(&again, &[]).await.path(), "/transfer-once");
    }
}

#[tokio::test]
async fn whoever_has_no_factor_that_will_do_is_told_before_one_is_spent() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    for _ in 0..2 {
        let stopped = browser.open("/transfer-phone").await;
        assert_eq!(
            (stopped.status, stopped.path()),
            (StatusCode::FORBIDDEN, "/auth/mfa/d/ID"),
            "{stopped:?}"
        );
        assert!(stopped.body.contains("This page needs: Phone."), "{}", stopped.body);
        assert!(!stopped.body.contains("<form"), "{}", stopped.body);
    }
}

#[tokio::test]
async fn whoever_cancels_is_on_the_page_before_or_the_start_page() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    for (from, back) in [
        ("/basket?page=2", "/basket?page=2"),
        ("/", "/"),
        ("/transfer", "/"),
        ("/transfer?to=carol", "/"),
        ("/auth/mfa/d/0123456789abcdef", "/"),
        ("/auth/mfa/manage", "/"),
        ("/auth/callback?code=1&state=2", "/"),
        ("https://evil.example/basket", "/"),
        ("//evil.example/basket", "/"),
    ] {
        let page = browser.follow(from, "/transfer?to=bob").await;
        assert_eq!(page.path(), "/auth/mfa/d/ID", "{from} {page:?}");
        let left = browser.submit(&page, &[("action", "cancel")]).await;
        let at = &left.url[url::Position::BeforePath..];
        assert_eq!((left.status, at), (StatusCode::OK, back), "from {from}");
        assert_eq!(left.url.origin(), page.url.origin(), "from {from}");
    }
    let page = browser.open("/transfer").await;
    assert_eq!(browser.submit(&page, &[("action", "cancel")]).await.path(), "/");
}

#[tokio::test]
async fn whoever_cancels_where_the_start_page_asks_is_told_so() {
    let tenant = stepup_tenant::Tenant::builder().start_with_users().await;
    let bank = Bank::with(tenant, |client| client.sign_in_return_to_path("/transfer"), |routes| routes).await;
    let mut browser = bank.browser();
    let login = browser.open("/auth/login?returnTo=/basket").await;
    browser.log_in(&login, "ada").await;
    let page = browser.open("/transfer").await;
    let left = browser.submit(&page, &[("action", "cancel")]).await;
    assert_eq!(left.status, StatusCode::GONE, "{left:?}");
    assert!(left.body.contains("It was finished or cancelled already"), "{}", left.body);
    assert!(left.body.contains("href=\"/transfer\""), "{}", left.body);
}

#[tokio::test]
async fn whoever_cannot_be_asked_is_led_away_or_to_where_a_factor_is_added() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let stopped = browser.follow("/basket", "/transfer-phone").await;
    assert_eq!((stopped.status, stopped.path()), (StatusCode::FORBIDDEN, "/auth/mfa/d/ID"), "{stopped:?}");
    assert!(
        stopped.body.contains("class=\"primary\" href=\"/basket\">Back to the page<"),
        "{}",
        stopped.body
    );
    assert!(stopped.body.contains("href=\"/auth/mfa/manage\">Your second steps<"), "{}", stopped.body);
    assert!(!stopped.body.contains("/transfer-phone"), "{}", stopped.body);
    let stopped = browser.open("/transfer-phone").await;
    assert!(stopped.body.contains("href=\"/\">To the start page<"), "{}", stopped.body);
}

#[tokio::test]
async fn factors_that_will_not_do_are_not_offered() {
    let bank = Bank::open().await;
    let mut browser = bank.browser();
    let page = browser.open("/auth/login").await;
    browser.log_in(&page, "dora").await;
    let page = browser.open("/transfer-phone").await;
    assert_eq!(page.path(), "/auth/mfa/d/ID", "{page:?}");
    assert!(page.body.contains("Text message"), "{}", page.body);
    assert!(!page.body.contains("Authenticator app"), "{}", page.body);
    let page = browser.open("/transfer").await;
    assert!(page.body.contains("Text message") && page.body.contains("Authenticator app"), "{}", page.body);
}

#[tokio::test]
async fn another_factor_that_was_proved_is_named_with_those_that_will_do() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::GET, "/transfer-phone", None).await;
    browser.verify(&due, json!({ "otp": bank.code() })).await;
    let stopped = browser.open("/transfer-phone").await;
    assert_eq!((stopped.status, stopped.path()), (StatusCode::FORBIDDEN, "/transfer-phone"), "{stopped:?}");
    assert!(stopped.body.contains("This page needs: Phone."), "{}", stopped.body);
}

#[tokio::test]
async fn a_code_by_message_is_known_to_be_the_phones() {
    let bank = Bank::open().await;
    let mut browser = bank.browser();
    let page = browser.open("/auth/login").await;
    browser.log_in(&page, "carol").await;
    let page = browser.open("/transfer-phone").await;
    let page = chosen(&mut browser, page).await;
    let messages = bank.tenant.messages().await.unwrap();
    let code = messages.into_iter().find_map(|message| message.code).unwrap();
    let done = browser.submit(&page, &[("action", "code"), ("code", &code)]).await;
    assert_eq!((done.status, done.path()), (StatusCode::OK, "/transfer-phone"), "{done:?}");
}

#[tokio::test]
async fn somebody_else_who_logs_in_meanwhile_gets_nothing_of_it() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let page = browser.post("/letters", "/transfer", "to=bob").await;
    let page = chosen(&mut browser, page).await;
    let login = browser.open("/auth/login?prompt=login").await;
    assert_eq!(browser.log_in(&login, "bob").await.body, "auth0|bob");
    let code = bank.code();
    let stopped = browser.submit(&page, &[("action", "code"), ("code", &code)]).await;
    assert_eq!(stopped.status, StatusCode::FORBIDDEN, "{stopped:?}");
    assert_eq!(browser.open("/transfer").await.path(), "/auth/mfa/d/ID", "bob proved nothing");
}

#[tokio::test]
async fn what_else_a_browser_gathers_leaves_room_for_our_own_pages() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let page = browser.open("/transfer").await;
    assert_eq!(give_code(&bank, &mut browser, page).await.path(), "/transfer");
    let challenge = browser.open("/auth/mfa/manage").await;
    let code = bank.code();
    let manage = browser.submit(&challenge, &[("code", &code)]).await;
    assert_eq!((manage.status, manage.path()), (StatusCode::OK, "/auth/mfa/manage"), "{manage:?}");
    for _ in 0..3 {
        bank.pass(1);
        browser.open("/auth/login?prompt=login").await;
    }
    let logins = |browser: &Browser| browser.cookies.keys().filter(|name| name.starts_with("__txn_")).count();
    assert_eq!(logins(&browser), 3, "begun and left open: {:?}", browser.cookies.keys());

    bank.pass(301);
    let page = browser.post("/letters", "/transfer", "to=Bob&amount=5").await;
    assert!(logins(&browser) < 3, "the oldest made room");
    let again = give_code(&bank, &mut browser, page).await;
    assert_eq!(again.path(), "/auth/mfa/d/ID/resume", "{again:?}");
    assert!(browser.submit(&again, &[]).await.body.ends_with(" to=Bob&amount=5"));
}
