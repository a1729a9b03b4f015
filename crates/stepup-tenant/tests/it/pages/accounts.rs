//! Sign-up, forgotten passwords, and addresses that are confirmed.

use serde_json::json;

use super::{GRACE, STRONG, error_code, mailed_link, sign_up_page};
use crate::rig::{ADA, Browser, CALLBACK, Config, PASSWORD, Page, Rig};

#[tokio::test]
async fn whoever_signs_up_is_logged_in() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = sign_up_page(&mut browser).await;
    let end = browser.submit(&page, &[("email", GRACE), ("password", STRONG)]).await;
    assert!(end.url.as_str().starts_with(CALLBACK), "{}", end.answer.body);
    let claims = browser.exchange_code(&end).await.claims("id_token");
    assert_eq!((&claims["email"], &claims["email_verified"]), (&json!(GRACE), &json!(false)));
    assert_eq!(claims["nickname"], "grace");
    assert!(browser.authorize(&[]).await.url.as_str().starts_with(CALLBACK), "the session is there");
    assert_eq!(rig.log().await[0], "ss");

    let twice = browser.submit(&page, &[("email", "other@example.com"), ("password", STRONG)]).await;
    assert_eq!(twice.answer.status, 400, "that login is over, and nobody else is signed up");
    let mut other = Browser::new(&rig);
    let page = other.authorize(&[]).await;
    let end = other.submit(&page, &[("username", GRACE), ("password", STRONG)]).await;
    assert!(end.url.as_str().starts_with(CALLBACK), "the password works");
}

#[tokio::test]
async fn what_is_wrong_with_a_sign_up_is_said_on_the_page() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = sign_up_page(&mut browser).await;
    for (email, password, code) in [
        ("", STRONG, "no-email"),
        ("grace", STRONG, "invalid-email-format"),
        ("grace@example.com\nBcc: x@example.com", STRONG, "invalid-email-format"),
        (GRACE, "", "no-password"),
        (GRACE, "short", "password-policy-not-conformant"),
        ("ADA@example.com", STRONG, "invalid-signup"),
    ] {
        let answer = browser.submit(&page, &[("email", email), ("password", password)]).await;
        assert_eq!((answer.answer.status, error_code(&answer).as_str()), (400, code), "{email} {password}");
        assert!(!answer.answer.body.contains(STRONG), "a password is never sent back");
    }
    let long = "Aa1".repeat(400);
    let answer = browser.submit(&page, &[("email", GRACE), ("password", &long)]).await;
    assert_eq!(error_code(&answer), "password-policy-not-conformant");
    assert_eq!(rig.tenant.messages().await.unwrap(), []);
}

#[tokio::test]
async fn log_in_and_sign_up_lead_to_each_other_where_sign_up_is_open() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("prompt", "create")]).await;
    assert_eq!(page.url.path(), "/u/signup");
    assert!(page.answer.body.contains("href=\"/u/login?state="));
    let login = browser.open(&format!("/u/login?state={}", page.state())).await;
    assert!(login.answer.body.contains("href=\"/u/signup?state="));
    assert!(browser.log_in(&login).await.url.as_str().starts_with(CALLBACK));

    let closed =
        Rig::with(&Config { database: "options: { disable_signup: true }", ..Config::default() }).await;
    let mut browser = Browser::new(&closed);
    let page = browser.authorize(&[("screen_hint", "signup")]).await;
    assert_eq!(page.url.path(), "/u/login", "there is no sign-up to go to");
    assert!(!page.answer.body.contains("/u/signup"));
    let address = page.url.join(&format!("/u/signup?state={}", page.state())).unwrap();
    let forced =
        browser.post(&address, &[("state", &page.state()), ("email", GRACE), ("password", STRONG)]).await;
    assert_eq!(forced.url.path(), "/u/login");
    assert!(closed.tenant.messages().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_connection_says_what_a_password_must_be() {
    let options = "options: { passwordPolicy: low, password_complexity_options: { min_length: 12 } }";
    let rig = Rig::with(&Config { database: options, ..Config::default() }).await;
    let mut browser = Browser::new(&rig);
    let page = sign_up_page(&mut browser).await;
    assert!(page.answer.body.contains("At least 12 characters"), "{}", page.answer.body);
    let weak = browser.submit(&page, &[("email", GRACE), ("password", "elevenchars")]).await;
    assert_eq!(error_code(&weak), "password-policy-not-conformant");
    let end = browser.submit(&page, &[("email", GRACE), ("password", "twelve chars")]).await;
    assert!(end.url.as_str().starts_with(CALLBACK), "{}", end.answer.body);
}

#[tokio::test]
async fn the_mailed_link_confirms_the_address_once() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = sign_up_page(&mut browser).await;
    browser.submit(&page, &[("email", GRACE), ("password", STRONG)]).await;
    let link = mailed_link(&rig, GRACE).await;

    // The mail may be read on another device.
    let mut phone = Browser::new(&rig);
    let page = phone.open(&link).await;
    assert_eq!((page.url.path(), page.answer.status), ("/u/email-verification", 200));
    assert!(page.answer.body.contains(GRACE));
    let opened_again = phone.open(&link).await;
    assert_eq!(opened_again.answer.status, 200, "opening the link spends nothing");
    let ticket = page.parameter("ticket");
    let done = phone.post(&page.url, &[("ticket", &ticket)]).await;
    assert!(done.answer.body.contains("Your email is confirmed"), "{}", done.answer.body);
    let replayed = phone.post(&page.url, &[("ticket", &ticket)]).await;
    assert_eq!(replayed.answer.status, 400);
    assert!(replayed.answer.body.contains("This link does not work any more."));

    let end = browser.authorize(&[]).await;
    assert_eq!(browser.exchange_code(&end).await.claims("id_token")["email_verified"], true);
}

/// Asks for the link as a person does, and returns the page behind it.
async fn reset_page(rig: &Rig, browser: &mut Browser<'_>) -> Page {
    let login = browser.authorize(&[("login_hint", ADA)]).await;
    let request = browser.open(&format!("/u/reset-password/request?state={}", login.state())).await;
    assert!(request.answer.body.contains(&format!("value=\"{ADA}\"")), "{}", request.answer.body);
    let sent = browser.submit(&request, &[("email", ADA)]).await;
    assert!(sent.answer.body.contains("Check your email"), "{}", sent.answer.body);
    browser.open(&mailed_link(rig, ADA).await).await
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_and_every_session_ends() {
    let rig = Rig::start().await;
    let mut old = Browser::new(&rig);
    let login = old.authorize(&[]).await;
    old.log_in(&login).await;

    let mut browser = Browser::new(&rig);
    let page = reset_page(&rig, &mut browser).await;
    assert_eq!((page.url.path(), page.answer.status), ("/u/reset-password", 200));
    let ticket = page.parameter("ticket");
    for (password, code) in [("", "no-password"), ("weak", "password-policy-not-conformant")] {
        let refused = browser.post(&page.url, &[("ticket", &ticket), ("password", password)]).await;
        assert_eq!((refused.answer.status, error_code(&refused).as_str()), (400, code));
    }
    let form = [("ticket", ticket.as_str()), ("password", STRONG)];
    let done = browser.post(&page.url, &form).await;
    assert!(done.answer.body.contains("Your password is changed"), "{}", done.answer.body);
    assert_eq!(browser.post(&page.url, &form).await.answer.status, 400, "a link works once");

    assert_eq!(old.authorize(&[]).await.url.path(), "/u/login", "the session is over");
    assert_eq!(rig.password(&[]).await.status, 403, "the old password is gone");
    let tokens = rig
        .token(&[("grant_type", "password"), ("username", ADA), ("password", STRONG), ("scope", "openid")])
        .await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let log = rig.log().await;
    assert!(log.contains(&"scpr".to_owned()) && log.contains(&"scp".to_owned()), "{log:?}");
}

#[tokio::test]
async fn a_link_that_is_too_old_or_made_up_opens_nothing() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = reset_page(&rig, &mut browser).await;
    rig.advance(5 * 86_400);
    let ticket = page.parameter("ticket");
    for (path, fields) in [
        ("/u/reset-password", &[("ticket", ticket.as_str()), ("password", STRONG)][..]),
        ("/u/reset-password", &[("ticket", "made-up"), ("password", STRONG)]),
        ("/u/reset-password", &[("password", STRONG)]),
        ("/u/email-verification", &[("ticket", ticket.as_str())]),
    ] {
        let refused = browser.post(&page.url.join(path).unwrap(), fields).await;
        assert_eq!(refused.answer.status, 400, "{path} {fields:?}");
        assert!(refused.answer.body.contains("does not work any more"), "{}", refused.answer.body);
    }
    assert_eq!(browser.open("/u/reset-password?ticket=made-up").await.answer.status, 400);
    assert_eq!(rig.password(&[]).await.status, 200, "the password stands");
}

#[tokio::test]
async fn whether_an_address_has_an_account_is_not_told() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let login = browser.authorize(&[]).await;
    let request = browser.open(&format!("/u/reset-password/request?state={}", login.state())).await;
    let known = browser.submit(&request, &[("email", ADA)]).await.answer.body;
    let unknown = browser.submit(&request, &[("email", GRACE)]).await.answer.body;
    assert_eq!(known.replace(ADA, GRACE), unknown);
    assert_eq!(rig.tenant.messages().await.unwrap().len(), 1);
    let wrong = browser.submit(&request, &[("email", "ada")]).await;
    assert_eq!((wrong.answer.status, error_code(&wrong).as_str()), (400, "invalid-email-format"));
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_on_every_page_behind_a_link() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = reset_page(&rig, &mut browser).await;
    for path in ["/u/reset-password", "/u/email-verification"] {
        let foreign = rig
            .http
            .post(page.url.join(path).unwrap())
            .header("origin", "https://evil.example")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("ticket={}&password=Stolen+1234", page.parameter("ticket")));
        assert_eq!(rig.send(foreign).await.status, 403, "{path}");
    }
    assert_eq!(rig.password(&[("password", PASSWORD)]).await.status, 400, "sent twice: refused");
    assert_eq!(rig.password(&[]).await.status, 200);
}
