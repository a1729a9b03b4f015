//! Enrolment by a ticket, without a client.

use stepup_protocol::mfa::FactorType;
use stepup_tenant::model::{Digest, Ticket, TicketPurpose};

use super::{ADA, PHONE, always, sent_code};
use crate::rig::{Browser, Config, Page, Rig};

/// Hands out a ticket for Ada, as the Management API does.
async fn ticket(rig: &Rig, secret: &str, factor: Option<FactorType>, allow_multiple: bool) -> String {
    let store = &rig.tenant.state().store;
    let ada = store.user_by_identifier("Username-Password-Authentication", ADA).await.unwrap().unwrap();
    let now = rig.tenant.clock().now();
    let ticket = Ticket {
        user_id: ada.user_id,
        purpose: TicketPurpose::Enrollment { factor, allow_multiple },
        created_at: now,
        expires_at: now + std::time::Duration::from_secs(5 * 86_400),
    };
    store.insert_ticket(&Digest::of(secret), &ticket).await.unwrap();
    format!("/mfa/enrollment?ticket={secret}")
}

async fn enrol_phone(rig: &Rig, browser: &mut Browser<'_>, page: &Page) -> Page {
    assert_eq!(page.url.path(), "/u/mfa-phone-enrollment", "{}", page.answer.body);
    let page = browser.submit(page, &[("phone", PHONE)]).await;
    browser.submit(&page, &[("code", &sent_code(rig, PHONE).await)]).await
}

#[tokio::test]
async fn a_ticket_walks_through_the_pages_and_ends_on_one_of_its_own() {
    let rig = always().await;
    let link = ticket(&rig, "one", None, false).await;
    let mut browser = Browser::new(&rig);
    let options = browser.open(&link).await;
    assert_eq!(options.url.path(), "/u/mfa-enroll-options", "{}", options.answer.body);
    assert!(options.answer.body.contains("For the account <strong>ada@example.com</strong>"));
    assert!(!options.answer.body.contains("Not you?"));
    let page = browser.submit(&options, &[("action", "phone")]).await;
    let shown = enrol_phone(&rig, &mut browser, &page).await;
    assert_eq!(shown.url.path(), "/u/mfa-recovery-code-enrollment", "{}", shown.answer.body);
    let done = browser.submit(&shown, &[("saved", "true")]).await;
    assert!(done.answer.body.contains("Your second step is set up"), "{}", done.answer.body);
    let reloaded = browser.open(done.url.as_str()).await;
    assert!(reloaded.answer.body.contains("Your second step is set up"));

    let used = browser.open(&link).await;
    assert_eq!(used.answer.status, 400);
    assert!(used.answer.body.contains("This link does not work any more."), "{}", used.answer.body);
    let mut login = Browser::new(&rig);
    let page = login.authorize(&[]).await;
    let options = login.log_in(&page).await;
    let options = super::go(&mut login, &options, "mfa-login-options").await;
    assert!(options.answer.body.contains("•••• 0958"), "the phone is hers: {}", options.answer.body);
}

#[tokio::test]
async fn opening_a_link_spends_nothing_and_logs_nobody_in() {
    let rig = always().await;
    let link = ticket(&rig, "one", Some(FactorType::Phone), false).await;
    for _ in 0..2 {
        let mut browser = Browser::new(&rig);
        let page = browser.open(&link).await;
        assert_eq!(page.url.path(), "/u/mfa-phone-enrollment", "{}", page.answer.body);
        assert_eq!(browser.authorize(&[]).await.url.path(), "/u/login");
        for address in ["login", "consent", "mfa-login-options"] {
            let led = super::go(&mut browser, &page, address).await;
            assert_eq!(led.url.path(), "/u/mfa-phone-enrollment", "{address}");
        }
        let switched = browser.open(&format!("/u/login?switch=account&state={}", page.state())).await;
        assert_eq!(switched.url.path(), "/u/mfa-phone-enrollment");
    }
}

#[tokio::test]
async fn a_ticket_enrols_one_factor_and_not_two() {
    let rig = always().await;
    let link = ticket(&rig, "one", Some(FactorType::Phone), true).await;
    let (mut first, mut second) = (Browser::new(&rig), Browser::new(&rig));
    let page = first.open(&link).await;
    let other = second.open(&link).await;
    let other = second.submit(&other, &[("phone", "+15550100")]).await;
    let other_code = sent_code(&rig, "+15550100").await;
    enrol_phone(&rig, &mut first, &page).await;
    let late = second.submit(&other, &[("code", &other_code)]).await;
    assert_eq!(late.answer.status, 400, "{}", late.answer.body);
    let store = &rig.tenant.state().store;
    let ada = store.user_by_identifier("Username-Password-Authentication", ADA).await.unwrap().unwrap();
    let held = store.authenticators(&ada.user_id).await.unwrap();
    let phones = held.iter().filter(|it| it.active() && it.factor() == FactorType::Phone).count();
    assert_eq!(phones, 1);
}

#[tokio::test]
async fn whoever_has_a_factor_needs_a_ticket_that_says_so() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = browser.open(&ticket(&rig, "one", Some(FactorType::Phone), false).await).await;
    enrol_phone(&rig, &mut browser, &page).await;
    let refused = browser.open(&ticket(&rig, "two", Some(FactorType::Otp), false).await).await;
    assert_eq!(refused.answer.status, 403);
    assert!(refused.answer.body.contains("User is already enrolled."), "{}", refused.answer.body);
    let more = browser.open(&ticket(&rig, "three", Some(FactorType::Otp), true).await).await;
    assert_eq!(more.url.path(), "/u/mfa-otp-enrollment");
    let secret = more.attribute("data-secret");
    let done = browser.submit(&more, &[("code", &rig.code(&secret))]).await;
    assert!(done.answer.body.contains("Your second step is set up"), "{}", done.answer.body);
}

#[tokio::test]
async fn a_ticket_for_what_is_switched_off_says_so() {
    let rig = Rig::with(&Config::policy("all-applications")).await;
    let link = ticket(&rig, "one", Some(FactorType::Phone), true).await;
    let refused = Browser::new(&rig).open(&link).await;
    assert_eq!(refused.answer.status, 403);
    assert_eq!(refused.alert(), "The second step that this link sets up is switched off.");
    assert!(!refused.answer.body.contains("Action"), "{}", refused.answer.body);
}

#[tokio::test]
async fn an_address_is_enrolled_from_the_options() {
    let rig = always().await;
    let link = ticket(&rig, "one", None, false).await;
    let mut browser = Browser::new(&rig);
    let options = browser.open(&link).await;
    assert!(options.answer.body.contains("value=\"email\""), "{}", options.answer.body);
    let page = browser.submit(&options, &[("action", "email")]).await;
    assert_eq!(page.url.path(), "/u/mfa-email-enrollment", "{}", page.answer.body);
    let page = browser.submit(&page, &[("email", "spare@example.org")]).await;
    assert_eq!(page.url.path(), "/u/mfa-email-challenge", "{}", page.answer.body);
    let shown = browser.submit(&page, &[("code", &sent_code(&rig, "spare@example.org").await)]).await;
    assert_eq!(shown.url.path(), "/u/mfa-recovery-code-enrollment", "{}", shown.answer.body);
    let store = &rig.tenant.state().store;
    let ada = store.user_by_identifier("Username-Password-Authentication", ADA).await.unwrap().unwrap();
    let held = store.authenticators(&ada.user_id).await.unwrap();
    assert!(held.iter().any(|it| it.active() && it.factor() == FactorType::Email), "{held:?}");
}

#[tokio::test]
async fn an_old_ticket_opens_nothing() {
    let rig = always().await;
    let link = ticket(&rig, "one", None, false).await;
    let mut browser = Browser::new(&rig);
    rig.advance(5 * 86_400);
    assert_eq!(browser.open(&link).await.answer.status, 400);
    for link in ["/mfa/enrollment", "/mfa/enrollment?ticket=", "/mfa/enrollment?ticket=a&ticket=b"] {
        assert_eq!(browser.open(link).await.answer.status, 400, "{link}");
    }
}
