//! Enrolments that something else comes before: what was begun is removed or switched off, or another browser was first.

use serde_json::json;

use super::{PHONE, always, at_the_end, error_code, go, scan, sent_code, sign_up};
use crate::{
    management::Admin,
    rig::{ADA, Browser, Config, Page, Rig},
};

/// The page that asks for the code which a text message brought.
async fn text_sent(browser: &mut Browser<'_>) -> Page {
    let options = sign_up(browser).await;
    let page = browser.submit(&options, &[("action", "phone")]).await;
    let page = browser.submit(&page, &[("phone", PHONE)]).await;
    assert_eq!(page.url.path(), "/u/mfa-sms-challenge", "{}", page.answer.body);
    page
}

async fn grace_id(rig: &Rig) -> String {
    let store = &rig.tenant.state().store;
    let grace = store.user_by_identifier("Username-Password-Authentication", super::GRACE).await.unwrap();
    grace.unwrap().user_id
}

/// The user logs in, and has nothing but what `rig` has on: the page where an app is enrolled.
async fn enrols_an_app(browser: &mut Browser<'_>) -> Page {
    let page = browser.authorize(&[]).await;
    let page = browser.log_in(&page).await;
    assert_eq!(page.url.path(), "/u/mfa-otp-enrollment", "{}", page.answer.body);
    page
}

#[tokio::test]
async fn a_removed_enrolment_begins_again_where_its_number_is_asked_for() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = text_sent(&mut browser).await;
    let code = sent_code(&rig, PHONE).await;
    rig.tenant.state().store.delete_authenticators(&grace_id(&rig).await).await.unwrap();
    for led in [browser.open(page.url.as_str()).await, browser.submit(&page, &[("code", &code)]).await] {
        assert_eq!((led.answer.status, led.url.path()), (200, "/u/mfa-phone-enrollment"));
    }
    let again = go(&mut browser, &page, "mfa-phone-enrollment").await;
    let again = browser.submit(&again, &[("phone", PHONE)]).await;
    let shown = browser.submit(&again, &[("code", &sent_code(&rig, PHONE).await)]).await;
    at_the_end(&browser.submit(&shown, &[("saved", "true")]).await);
}

#[tokio::test]
async fn an_enrolment_whose_channel_was_switched_off_leads_to_what_is_on() {
    let admin = Admin::start().await;
    admin.put("guardian/policies", json!(["all-applications"])).await;
    let mut browser = Browser::new(&admin.rig);
    let page = text_sent(&mut browser).await;
    let types = async |types| {
        let path = "guardian/factors/phone/message-types";
        assert_eq!(admin.put(path, json!({ "message_types": types })).await.status, 200);
    };
    types(json!(["voice"])).await;
    let led = browser.open(page.url.as_str()).await;
    assert_eq!((led.answer.status, led.url.path()), (200, "/u/mfa-phone-enrollment"));
    types(json!([])).await;
    let led = browser.open(page.url.as_str()).await;
    assert_eq!((led.answer.status, led.url.path()), (200, "/u/mfa-enroll-options"));
    assert!(!led.answer.body.contains("value=\"phone\""), "{}", led.answer.body);
}

#[tokio::test]
async fn a_tickets_enrolment_that_was_removed_begins_again_and_one_that_is_off_says_so() {
    let admin = Admin::start().await;
    let ada = admin.ada().await;
    for (factor, page, field, to) in [
        ("phone", "/u/mfa-phone-enrollment", "phone", PHONE),
        ("email", "/u/mfa-email-enrollment", "email", "spare@example.org"),
    ] {
        let ticket = json!({ "user_id": ada, "factor": factor });
        let link = admin.post("guardian/enrollments/ticket", ticket).await.text("ticket_url");
        let mut browser = Browser::new(&admin.rig);
        let asked = browser.open(&link).await;
        let sent = browser.submit(&asked, &[(field, to)]).await;
        admin.delete(&format!("users/{ada}/authenticators")).await;
        let led = browser.open(sent.url.as_str()).await;
        assert_eq!((led.answer.status, led.url.path()), (200, page));
        let name = if factor == "phone" { "sms" } else { factor };
        admin.put(&format!("guardian/factors/{name}"), json!({ "enabled": false })).await;
        let off = browser.open(sent.url.as_str()).await;
        assert_eq!(off.answer.status, 403);
        assert_eq!(off.alert(), "The second step that this link sets up is switched off.");
    }
}

#[tokio::test]
async fn whoever_enrolled_elsewhere_first_proves_that_and_logs_in() {
    let rig = Rig::with(&Config::policy("all-applications")).await;
    let (mut first, mut second) = (Browser::new(&rig), Browser::new(&rig));
    let (ours, theirs) = (enrols_an_app(&mut first).await, enrols_an_app(&mut second).await);
    let (kept, lost) = (ours.attribute("data-secret"), theirs.attribute("data-secret"));
    first.submit(&ours, &[("code", &rig.code(&kept))]).await;

    let asked = second.submit(&theirs, &[("code", &rig.code(&lost))]).await;
    assert_eq!((asked.answer.status, asked.url.path()), (200, "/u/mfa-otp-challenge"));
    let said = "This account has got a second step in the meantime.";
    assert!(asked.answer.body.contains(said), "{}", asked.answer.body);
    assert!(rig.logged("w").await.description.unwrap().contains("has enrolled a factor elsewhere"));
    let refused = second.submit(&asked, &[("code", &rig.code(&lost))]).await;
    assert_eq!(error_code(&refused), "invalid-code", "the other app is nobody's");
    rig.advance(30);
    let end = second.submit(&asked, &[("code", &rig.code(&kept))]).await;
    at_the_end(&end);
    assert_eq!(second.exchange_code(&end).await.claims("id_token")["amr"], json!(["mfa"]));
}

#[tokio::test]
async fn a_phone_that_scans_its_own_code_overtakes_nobody() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let options = sign_up(&mut browser).await;
    let page = browser.submit(&options, &[("action", "push-notification")]).await;
    assert!(scan(&rig, &page).await);
    let resumed = browser.open(&format!("/authorize/resume?state={}", page.state())).await;
    assert_eq!(resumed.url.path(), "/u/mfa-recovery-code-enrollment", "{}", resumed.answer.body);
}

/// Whoever knows the password could have begun a login before the user enrolled anything.
#[tokio::test]
async fn an_actions_enrolment_that_was_overtaken_is_refused_and_not_skipped() {
    let action = "exports.onExecutePostLogin = async (event, api) => {
  if (event.user.enrolledFactors.some(({ type }) => type === 'otp')) api.authentication.challengeWith({ type: 'otp' });
  else api.authentication.enrollWith({ type: 'otp' });
};";
    let rig = Rig::with(&Config::action(action)).await;
    let (mut first, mut second) = (Browser::new(&rig), Browser::new(&rig));
    let (ours, theirs) = (enrols_an_app(&mut first).await, enrols_an_app(&mut second).await);
    first.submit(&ours, &[("code", &rig.code(&ours.attribute("data-secret")))]).await;
    let end = second.submit(&theirs, &[("code", &rig.code(&theirs.attribute("data-secret")))]).await;
    assert!(end.failure().starts_with("access_denied: MFA enrollment was requested"), "{}", end.url);
    assert!(rig.logged("mfar").await.description.unwrap().contains("already enrolled"), "{ADA}");
}
