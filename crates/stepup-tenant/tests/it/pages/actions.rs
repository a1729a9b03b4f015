//! What Actions ask for, on the pages: who chooses, and in which order.

use super::{GRACE, PHONE, STRONG, at_the_end, enrol_phone, go, sent_code};
use crate::rig::{Browser, Config, Page, Rig};

async fn log_in(browser: &mut Browser<'_>) -> Page {
    let page = browser.authorize(&[("prompt", "login")]).await;
    browser.submit(&page, &[("username", GRACE), ("password", STRONG)]).await
}

/// Grace enrols her phone under the policy Always; then the Action takes over.
async fn with_action(code: &'static str) -> Rig {
    Rig::with(&Config { every_factor: true, actions: vec![code], ..Config::policy("all-applications") }).await
}

#[tokio::test]
async fn challenge_with_any_lets_the_user_choose_first() {
    let rig = with_action(
        "exports.onExecutePostLogin = async (event, api) => {
            if (event.user.enrolledFactors.some((it) => it.type === 'phone')) {
                api.authentication.challengeWithAny([{ type: 'phone' }, { type: 'recovery-code' }]);
            }
        };",
    )
    .await;
    let mut browser = Browser::new(&rig);
    enrol_phone(&rig, &mut browser).await;
    let options = log_in(&mut browser).await;
    assert_eq!(
        options.url.path(),
        "/u/mfa-login-options",
        "two ways to reach a phone: {}",
        options.answer.body
    );
    let page = browser.submit(&options, &[("action", "phone")]).await;
    assert_eq!(page.url.path(), "/u/mfa-sms-challenge");
    assert!(!page.answer.body.contains("rememberBrowser"), "an Action's demand is not to be remembered away");
    at_the_end(&browser.submit(&page, &[("code", &sent_code(&rig, PHONE).await)]).await);
}

#[tokio::test]
async fn challenge_with_shows_the_factor_and_how_it_is_to_be_reached() {
    let rig = with_action(
        "exports.onExecutePostLogin = async (event, api) => {
            if (event.user.enrolledFactors.some((it) => it.type === 'phone')) {
                api.authentication.challengeWith({ type: 'phone', options: { preferredMethod: 'voice' } });
            }
        };",
    )
    .await;
    let mut browser = Browser::new(&rig);
    enrol_phone(&rig, &mut browser).await;
    let page = log_in(&mut browser).await;
    assert_eq!(page.url.path(), "/u/mfa-voice-challenge", "{}", page.answer.body);
    let options = go(&mut browser, &page, "mfa-login-options").await;
    assert!(options.answer.body.contains("value=\"phone\""), "the other way is offered");
}

#[tokio::test]
async fn enroll_with_shows_its_factor_and_offers_the_others_beside_it() {
    let rig = with_action(
        "exports.onExecutePostLogin = async (event, api) => {
            api.authentication.enrollWith({ type: 'phone' }, { additionalFactors: [{ type: 'otp' }] });
        };",
    )
    .await;
    let mut browser = Browser::new(&rig);
    let page = super::sign_up(&mut browser).await;
    assert_eq!(page.url.path(), "/u/mfa-phone-enrollment", "{}", page.answer.body);
    let options = go(&mut browser, &page, "mfa-enroll-options").await;
    assert!(
        options.answer.body.contains("value=\"otp\"") && !options.answer.body.contains("push-notification")
    );
}
