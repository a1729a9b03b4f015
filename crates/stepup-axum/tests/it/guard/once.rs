//! Windows of no time: a proof counts for the request that it was made for, once, and nothing loops.

use futures_util::future::join_all;
use http::{Method, StatusCode};
use serde_json::json;

use crate::bank::Bank;

#[tokio::test]
async fn a_page_passes_once_for_each_proof() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    for _ in 0..2 {
        let login = browser.open("/once").await;
        let page = browser.prove(&bank, &login).await;
        assert_eq!((page.status, page.path()), (StatusCode::OK, "/once"), "{page:?}");
        let again = browser.open("/once").await;
        assert_eq!(again.path(), "/u/login", "{again:?}");
    }
}

#[tokio::test]
async fn a_form_passes_once_however_long_the_way_was() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let login = browser.post("/letters", "/once", "amount=25").await;
    let challenge = browser.log_in(&login, "ada").await;
    bank.pass(240);
    let code = bank.code();
    let again = browser.submit(&challenge, &[("code", &code)]).await;
    assert_eq!(browser.submit(&again, &[]).await.body, "POST auth0|ada  amount=25");
    let second = browser.post("/letters", "/once", "amount=25").await;
    assert_eq!(second.path(), "/u/login", "{second:?}");
}

/// What was spent is written into a cookie that a browser need not take over.
#[tokio::test]
async fn a_proof_passes_one_of_many_requests_that_bring_it_along() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let login = browser.post("/letters", "/once", "amount=25").await;
    let resume = browser.prove(&bank, &login).await;
    let mut browsers = vec![browser.clone(); 12];
    let sent = browsers.iter_mut().map(|browser| browser.submit(&resume, &[]));
    let passed = join_all(sent)
        .await
        .iter()
        .filter(|page| page.status == StatusCode::OK && page.path() == "/once")
        .count();
    assert_eq!(passed, 1);
    let again = browser.submit(&resume, &[]).await;
    assert_eq!(again.path(), "/u/login", "{again:?}");
}

/// One proof answers all who wait, and is good for one of them.
#[tokio::test]
async fn a_proof_passes_one_of_the_requests_that_waited_for_it() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    browser.fetch(Method::POST, "/transfer-once", None).await;
    let due = browser.fetch(Method::GET, "/transfer-once", None).await;
    browser.verify(&due, json!({ "otp": bank.code() })).await;
    let mut other = browser.clone();
    assert_eq!(browser.fetch(Method::GET, "/transfer-once", None).await.status, StatusCode::OK);
    assert_eq!(other.fetch(Method::POST, "/transfer-once", None).await.body["error"], "mfa_required");
}

#[tokio::test]
async fn a_browser_that_looks_ahead_spends_no_proof() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::GET, "/transfer-once", None).await;
    browser.verify(&due, json!({ "otp": bank.code() })).await;
    assert_eq!(browser.prefetch("/transfer-once").await.status, StatusCode::NO_CONTENT);
    assert_eq!(browser.fetch(Method::GET, "/transfer-once", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_proof_that_was_not_used_soon_is_none() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let due = browser.fetch(Method::GET, "/transfer-once", None).await;
    browser.verify(&due, json!({ "otp": bank.code() })).await;
    bank.pass(61);
    assert_eq!(browser.fetch(Method::GET, "/transfer-once", None).await.body["error"], "mfa_required");
}

#[tokio::test]
async fn a_script_passes_once_and_no_other_request_uses_its_proof() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    let other = browser.fetch(Method::POST, "/transfer-once", Some(json!({ "amount": 1 }))).await;
    assert_eq!(other.body["error"], "mfa_required");
    let due = browser.fetch(Method::GET, "/transfer-once", None).await;
    let verified = browser.verify(&due, json!({ "otp": bank.code() })).await;
    assert_eq!(verified.status, StatusCode::OK, "{verified:?}");
    let done = browser.fetch(Method::GET, "/transfer-once", None).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    for method in [Method::GET, Method::POST] {
        let again = browser.fetch(method.clone(), "/transfer-once", None).await;
        assert_eq!(again.body["error"], "mfa_required", "{method} {again:?}");
    }
}

/// A test's clock may stand still, and so may a second for a quick user.
#[tokio::test]
async fn two_proofs_of_one_second_are_two() {
    let bank = Bank::open().await;
    let mut browser = bank.logged_in().await;
    for code in [bank.code(), bank.code()] {
        let due = browser.fetch(Method::GET, "/transfer-once", None).await;
        assert_eq!(browser.verify(&due, json!({ "otp": code })).await.status, StatusCode::OK);
        let mut before = browser.clone();
        assert_eq!(browser.fetch(Method::GET, "/transfer-once", None).await.status, StatusCode::OK);
        let replayed = before.fetch(Method::GET, "/transfer-once", None).await;
        assert_eq!(replayed.body["error"], "mfa_required", "{replayed:?}");
    }
}
