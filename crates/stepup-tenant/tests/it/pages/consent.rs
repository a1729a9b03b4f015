//! Consent: asked once for each application, API and scope.

use crate::rig::{API, Browser, CALLBACK, Config, Page, Rig};

async fn third_party() -> Rig {
    Rig::with(&Config { third_party: true, ..Config::default() }).await
}

/// Logs in up to the consent page.
async fn consent_page(browser: &mut Browser<'_>, more: &[(&str, &str)]) -> Page {
    let page = browser.authorize(more).await;
    let page = if page.url.path() == "/u/login" { browser.log_in(&page).await } else { page };
    assert_eq!(page.url.path(), "/u/consent", "{}", page.answer.body);
    page
}

#[tokio::test]
async fn consent_is_asked_once_and_again_for_more() {
    let rig = third_party().await;
    let mut browser = Browser::new(&rig);
    let page = consent_page(&mut browser, &[]).await;
    let end = browser.submit(&page, &[("action", "accept")]).await;
    assert!(end.url.as_str().starts_with(CALLBACK), "{}", end.answer.body);

    assert!(browser.authorize(&[]).await.url.as_str().starts_with(CALLBACK), "it is remembered");
    let less = browser.authorize(&[("scope", "openid email")]).await;
    assert!(less.url.as_str().starts_with(CALLBACK), "less than that needs no more");
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(browser.exchange_code(&silent).await.status, 200);

    let api = [("audience", API), ("scope", "openid read:sensitive")];
    let refused = browser.authorize(&[api[0], api[1], ("prompt", "none")]).await;
    assert_eq!(refused.failure(), "consent_required: Consent required");
    let page = consent_page(&mut browser, &api).await;
    assert!(page.answer.body.contains("read:sensitive"));
    let end = browser.submit(&page, &[("action", "accept")]).await;
    assert!(end.url.as_str().starts_with(CALLBACK));
    consent_page(&mut browser, &[api[0], ("scope", "openid transfer:funds")]).await;
}

#[tokio::test]
async fn what_is_asked_for_is_said_in_words() {
    let yaml = Config { third_party: true, ..Config::default() }.yaml();
    let described = "{ value: \"read:sensitive\", description: \"See your <sensitive> data\" }";
    let yaml = yaml.replacen("{ value: \"read:sensitive\" }", described, 1);
    assert!(yaml.contains(described), "{yaml}");
    let rig = Rig::with_yaml(&yaml).await;
    let mut browser = Browser::new(&rig);
    let scope = "openid profile email phone address offline_access read:sensitive transfer:funds";
    let page = consent_page(&mut browser, &[("audience", API), ("scope", scope)]).await.answer.body;
    let (_, list) = page.split_once("<ul class=\"permissions\">").unwrap();
    let (list, _) = list.split_once("</ul>").unwrap();
    let words: Vec<_> = list.split("<span>").skip(1).map(|it| it.split("</span>").next().unwrap()).collect();
    assert_eq!(
        words,
        [
            "See your name and picture",
            "See your email address",
            "See your phone number",
            "See your postal address",
            "Stay connected while you are away",
            "See your &#60;sensitive&#62; data",
            "transfer:funds",
        ]
    );
}

#[tokio::test]
async fn prompt_consent_asks_again_even_a_client_of_ours() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = consent_page(&mut browser, &[("prompt", "consent")]).await;
    let end = browser.submit(&page, &[("action", "accept")]).await;
    assert!(end.url.as_str().starts_with(CALLBACK), "{}", end.answer.body);
    consent_page(&mut browser, &[("prompt", "consent")]).await;
}

#[tokio::test]
async fn whoever_says_no_is_believed_and_nothing_is_kept() {
    let rig = third_party().await;
    let mut browser = Browser::new(&rig);
    let page = consent_page(&mut browser, &[]).await;
    let unclear = browser.submit(&page, &[("action", "maybe")]).await;
    assert_eq!(unclear.url.path(), "/u/consent");
    let end = browser.submit(&page, &[("action", "deny")]).await;
    assert_eq!(end.failure(), "access_denied: User did not authorize the request");
    let replayed = browser.submit(&page, &[("action", "accept")]).await;
    assert_eq!(replayed.answer.status, 400, "that login is over");
    consent_page(&mut browser, &[]).await;
}

#[tokio::test]
async fn a_consent_that_nobody_was_asked_for_is_not_taken() {
    let rig = Rig::with(&Config { third_party: true, ..Config::policy("all-applications") }).await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let enrolment = browser.log_in(&page).await;
    let address = page.url.join(&format!("/u/consent?state={}", page.state())).unwrap();
    let early = browser.post(&address, &[("state", &page.state()), ("action", "accept")]).await;
    assert_eq!(early.url.path(), enrolment.url.path(), "the second factor comes first");
    let denied = browser.post(&address, &[("state", &page.state()), ("action", "deny")]).await;
    assert_eq!(denied.url.path(), enrolment.url.path());
}
