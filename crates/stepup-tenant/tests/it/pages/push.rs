//! A phone that is asked.

use super::{always, answer_push, at_the_end, error_code, grace, scan, sign_up};
use crate::rig::{Browser, Config, Page, Rig};

/// Grace has a phone with the app, and logs in: the page that waits for it.
async fn asked(rig: &Rig, browser: &mut Browser<'_>) -> Page {
    let options = sign_up(browser).await;
    let page = browser.submit(&options, &[("action", "push-notification")]).await;
    assert!(scan(rig, &page).await);
    let shown = browser.open(page.url.as_str()).await;
    at_the_end(&browser.submit(&shown, &[("saved", "true")]).await);
    let page = grace(browser).await;
    assert_eq!(page.url.path(), "/u/mfa-push-challenge-push", "{}", page.answer.body);
    page
}

async fn status(browser: &mut Browser<'_>, page: &Page) -> String {
    let address = format!("/u/mfa-push-challenge-push/status?state={}", page.state());
    browser.open(&address).await.answer.text("status")
}

#[tokio::test]
async fn a_yes_goes_on() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = asked(&rig, &mut browser).await;
    assert!(page.answer.body.contains("Grace&#39;s &#60;b&#62;phone&#60;/b&#62;"), "{}", page.answer.body);
    assert!(page.answer.body.contains("<noscript><meta http-equiv=\"refresh\""));
    assert_eq!(status(&mut browser, &page).await, "pending");
    let waiting = browser.open(page.url.as_str()).await;
    assert_eq!(waiting.url.path(), page.url.path());
    let pressed = browser.submit(&page, &[]).await;
    assert_eq!(pressed.url.path(), page.url.path(), "nobody has answered");

    answer_push(&rig, true).await;
    assert_eq!(status(&mut browser, &page).await, "done");
    let end = browser.open(page.url.as_str()).await;
    let claims = browser.exchange_code(&end).await.claims("id_token");
    assert_eq!(claims["amr"], serde_json::json!(["mfa"]));
}

/// With scripts off the page loads itself again, and finds the answer without its form being sent.
#[tokio::test]
async fn a_tick_outlives_the_page_that_loads_itself_again() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = asked(&rig, &mut browser).await;
    let ticked = browser.submit(&page, &[("action", "remember-browser")]).await;
    assert!(
        ticked.answer.body.contains("name=\"rememberBrowser\" value=\"true\" checked"),
        "{}",
        ticked.answer.body
    );
    assert!(ticked.answer.body.contains("value=\"forget-browser\""), "{}", ticked.answer.body);
    let taken_back =
        browser.submit(&page, &[("action", "forget-browser"), ("rememberBrowser", "true")]).await;
    assert!(!taken_back.answer.body.contains(" checked"), "{}", taken_back.answer.body);
    browser.submit(&page, &[("action", "remember-browser")]).await;
    answer_push(&rig, true).await;
    at_the_end(&browser.open(page.url.as_str()).await);
    assert!(browser.cookies.contains_key("auth0-mf_compat"), "{:?}", browser.cookies.keys());
    at_the_end(&grace(&mut browser).await);
}

#[tokio::test]
async fn a_tick_that_was_taken_back_is_not_set() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = asked(&rig, &mut browser).await;
    rig.advance(30);
    browser.submit(&page, &[("action", "resend"), ("rememberBrowser", "true")]).await;
    answer_push(&rig, true).await;
    at_the_end(&browser.submit(&page, &[]).await);
    assert!(!browser.cookies.contains_key("auth0-mf_compat"));
}

#[tokio::test]
async fn a_no_is_final_and_another_question_may_be_asked() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = asked(&rig, &mut browser).await;
    answer_push(&rig, false).await;
    assert_eq!(status(&mut browser, &page).await, "denied");
    for _ in 0..2 {
        let denied = browser.open(page.url.as_str()).await;
        assert_eq!(error_code(&denied), "transaction-rejected");
        assert!(!denied.answer.body.contains("data-poll"), "it stops by itself");
    }
    assert!(rig.log().await.contains(&"gd_auth_rejected".to_owned()));
    let again = browser.submit(&page, &[("action", "resend")]).await;
    assert_eq!((again.answer.status, again.answer.body.contains("data-poll")), (200, true));
    answer_push(&rig, true).await;
    at_the_end(&browser.open(page.url.as_str()).await);
}

#[tokio::test]
async fn nobody_answers_in_time() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = asked(&rig, &mut browser).await;
    let early = browser.submit(&page, &[("action", "resend")]).await;
    assert_eq!((early.answer.status, error_code(&early).as_str()), (429, "polling-interval-exceeded"));
    assert_eq!(early.answer.header("retry-after"), "30");
    rig.advance(300);
    assert_eq!(status(&mut browser, &page).await, "expired");
    let expired = browser.open(page.url.as_str()).await;
    assert_eq!(error_code(&expired), "challenge-transaction-expired");
    let again = browser.submit(&expired, &[("action", "resend")]).await;
    assert_eq!(again.answer.status, 200);
}

#[tokio::test]
async fn notifications_are_limited() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = asked(&rig, &mut browser).await;
    for _ in 0..9 {
        rig.advance(30);
        assert_eq!(browser.submit(&page, &[("action", "resend")]).await.answer.status, 200);
    }
    rig.advance(30);
    let refused = browser.submit(&page, &[("action", "resend")]).await;
    assert_eq!((refused.answer.status, error_code(&refused).as_str()), (429, "too-many-push"));
}

#[tokio::test]
async fn the_app_shows_a_code_where_the_phone_has_no_network() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = asked(&rig, &mut browser).await;
    let instead = browser.submit(&page, &[("action", "enter-otp")]).await;
    assert_eq!(instead.url.path(), "/u/mfa-otp-challenge", "{}", instead.answer.body);
    let wrong = browser.submit(&instead, &[("code", "000000")]).await;
    assert_eq!(error_code(&wrong), "invalid-code");
}

#[tokio::test]
async fn an_action_may_insist_on_the_phone() {
    let action = "exports.onExecutePostLogin = async (event, api) => {
        if (!event.user.enrolledFactors.some((it) => it.type === 'push-notification')) {
            api.authentication.enrollWith({ type: 'push-notification' });
        } else {
            api.authentication.challengeWith({ type: 'push-notification', options: { otpFallback: false } });
        }
    };";
    let rig = Rig::with(&Config { every_factor: true, ..Config::action(action) }).await;
    let mut browser = Browser::new(&rig);
    let page = sign_up(&mut browser).await;
    assert_eq!(page.url.path(), "/u/mfa-push-enrollment-qr", "{}", page.answer.body);
    assert!(scan(&rig, &page).await);
    let shown = browser.open(page.url.as_str()).await;
    at_the_end(&browser.submit(&shown, &[("saved", "true")]).await);
    let page = grace(&mut browser).await;
    assert_eq!(page.url.path(), "/u/mfa-push-challenge-push", "{}", page.answer.body);
    assert!(!page.answer.body.contains("enter-otp"), "{}", page.answer.body);
    let forced = browser.submit(&page, &[("action", "enter-otp")]).await;
    assert_eq!(forced.url.path(), "/u/mfa-push-challenge-push");
    let state = page.state();
    let direct = browser.open(&format!("/u/mfa-otp-challenge?state={state}")).await;
    assert_eq!(direct.url.path(), "/u/mfa-push-challenge-push");
}
