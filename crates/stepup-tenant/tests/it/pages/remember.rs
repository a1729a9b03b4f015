//! "Do not ask again in this browser".

use super::{ADA, always, at_the_end, challenged_by_email, enrol_phone, go, grace, sent_code};
use crate::rig::{Browser, Page, Rig};

const DAY: u64 = 86_400;
const ACR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

/// Ada proves her e-mail and ticks the box.
async fn remembered(rig: &Rig, browser: &mut Browser<'_>) {
    let page = challenged_by_email(browser).await;
    assert!(page.answer.body.contains("name=\"rememberBrowser\""), "{}", page.answer.body);
    let code = sent_code(rig, ADA).await;
    at_the_end(&browser.submit(&page, &[("code", &code), ("rememberBrowser", "true")]).await);
    assert!(browser.cookies.contains_key("auth0-mf_compat"), "{:?}", browser.cookies.keys());
}

/// Ada's session is over; she gives her password again.
async fn log_in_again(browser: &mut Browser<'_>, more: &[(&str, &str)]) -> Page {
    browser.cookies.remove("auth0_compat");
    let page = browser.authorize(more).await;
    browser.log_in(&page).await
}

#[tokio::test]
async fn a_browser_is_remembered_while_it_is_used() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    remembered(&rig, &mut browser).await;
    for _ in 0..3 {
        rig.advance(6 * DAY);
        let end = log_in_again(&mut browser, &[]).await;
        at_the_end(&end);
        let claims = browser.exchange_code(&end).await.claims("id_token");
        assert!(claims.get("amr").is_none(), "no factor was passed in this login");
    }
    rig.advance(7 * DAY);
    assert_eq!(log_in_again(&mut browser, &[]).await.url.path(), "/u/mfa-email-challenge", "a week unused");
}

#[tokio::test]
async fn it_is_remembered_for_its_user_and_where_a_rule_allows_it() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    remembered(&rig, &mut browser).await;
    let demanded = log_in_again(&mut browser, &[("acr_values", ACR)]).await;
    assert_eq!(demanded.url.path(), "/u/mfa-email-challenge", "acr_values");
    assert!(!demanded.answer.body.contains("rememberBrowser"));
    let audience = format!("{}mfa/", rig.tenant.issuer());
    let mfa_api = log_in_again(&mut browser, &[("audience", &audience)]).await;
    assert_eq!(mfa_api.url.path(), "/u/mfa-email-challenge", "the MFA API");

    browser.cookies.remove("auth0_compat");
    enrol_phone(&rig, &mut browser).await;
    browser.cookies.remove("auth0_compat");
    assert_eq!(grace(&mut browser).await.url.path(), "/u/mfa-sms-challenge", "not for somebody else");
    at_the_end(&log_in_again(&mut browser, &[]).await);

    let mut forged = Browser::new(&rig);
    forged.cookies.insert("auth0-mf_compat".to_owned(), "x".repeat(43));
    let page = forged.authorize(&[]).await;
    assert_eq!(forged.log_in(&page).await.url.path(), "/u/mfa-email-challenge", "a made-up cookie");
}

#[tokio::test]
async fn browsers_are_forgotten_on_demand() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    remembered(&rig, &mut browser).await;
    let store = &rig.tenant.state().store;
    let ada = store.user_by_identifier("Username-Password-Authentication", ADA).await.unwrap().unwrap();
    store.forget_browsers(&ada.user_id).await.unwrap();
    assert_eq!(log_in_again(&mut browser, &[]).await.url.path(), "/u/mfa-email-challenge");
}

#[tokio::test]
async fn a_recovery_code_is_no_reason_to_trust_a_browser() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let recovery_code = enrol_phone(&rig, &mut browser).await;
    let page = grace(&mut browser).await;
    let options = go(&mut browser, &page, "mfa-login-options").await;
    let recovery = browser.submit(&options, &[("action", "recovery-code")]).await;
    assert!(!recovery.answer.body.contains("rememberBrowser"));
    let shown = browser.submit(&recovery, &[("code", &recovery_code), ("rememberBrowser", "true")]).await;
    at_the_end(&browser.submit(&shown, &[("saved", "true")]).await);
    assert!(!browser.cookies.contains_key("auth0-mf_compat"));
}
