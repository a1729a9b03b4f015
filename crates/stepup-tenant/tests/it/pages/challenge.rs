//! Challenges by what was sent, and the ways among which a user chooses.

use stepup_tenant::model::User;

use super::{
    PHONE, always, at_the_end, challenged_by_email, codes_sent, enrol_phone, error_code, go, grace, sent_code,
};
use crate::rig::{ADA, Browser, Config, Rig};

#[tokio::test]
async fn a_verified_address_is_a_factor_by_itself() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    assert!(page.answer.body.contains("a•••@example.com"), "{}", page.answer.body);
    let end = browser.submit(&page, &[("code", &sent_code(&rig, ADA).await)]).await;
    let claims = browser.exchange_code(&end).await.claims("id_token");
    assert_eq!(claims["amr"], serde_json::json!(["mfa"]));
}

#[tokio::test]
async fn an_address_that_changes_is_sent_a_code_of_its_own() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    let old = sent_code(&rig, ADA).await;
    let store = &rig.tenant.state().store;
    let ada = store.user_by_identifier("Username-Password-Authentication", ADA).await.unwrap().unwrap();
    let moved = |user: &mut User| user.email = Some("countess@example.com".to_owned());
    store.change_user(&ada.user_id, 0, &moved).await.unwrap().unwrap();
    let shown = browser.open(page.url.as_str()).await;
    assert_eq!((shown.answer.status, codes_sent(&rig, "countess@example.com").await), (200, 1));
    assert!(shown.answer.body.contains("We sent a 6-digit code to <strong>c•••@"), "{}", shown.answer.body);
    let new = sent_code(&rig, "countess@example.com").await;
    assert_ne!(old, new);
    assert_eq!(error_code(&browser.submit(&shown, &[("code", &old)]).await), "invalid-code");
    at_the_end(&browser.submit(&shown, &[("code", &new)]).await);
}

#[tokio::test]
async fn another_code_is_sent_after_a_while_and_both_are_good() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    let first = sent_code(&rig, ADA).await;
    let early = browser.submit(&page, &[("action", "resend-code")]).await;
    assert_eq!((early.answer.status, error_code(&early).as_str()), (429, "send-too-soon"));
    assert_eq!((early.attribute("data-wait").as_str(), early.answer.header("retry-after")), ("30", "30"));
    assert_eq!(codes_sent(&rig, ADA).await, 1);

    rig.advance(30);
    let again = browser.submit(&page, &[("action", "resend-code")]).await;
    assert_eq!(again.answer.status, 200);
    assert!(again.answer.body.contains("A new code is on its way."), "{}", again.answer.body);
    assert_eq!(codes_sent(&rig, ADA).await, 2);
    let reloaded = browser.open(again.url.as_str()).await;
    assert_eq!((reloaded.answer.status, codes_sent(&rig, ADA).await), (200, 2));
    let second = sent_code(&rig, ADA).await;
    assert_ne!(first, second);
    at_the_end(&browser.submit(&page, &[("code", &second)]).await);
}

#[tokio::test]
async fn a_code_runs_out_after_five_minutes() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    let code = sent_code(&rig, ADA).await;
    rig.advance(300);
    let late = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!((late.answer.status, error_code(&late).as_str()), (400, "transaction-not-found"));
    let reloaded = browser.open(page.url.as_str()).await;
    assert_eq!(error_code(&reloaded), "transaction-not-found");
    assert_eq!(codes_sent(&rig, ADA).await, 1, "nothing is sent unasked");
    let renewed = browser.submit(&reloaded, &[("action", "resend-code")]).await;
    at_the_end(&browser.submit(&renewed, &[("code", &sent_code(&rig, ADA).await)]).await);
}

#[tokio::test]
async fn a_page_says_how_long_its_code_works() {
    for (stepup, words) in [
        ("{ oob_code_lifetime: 90 }", "It works for 90 seconds."),
        ("{ oob_code_lifetime: 60 }", "It works for 1 minute."),
        ("{}", "It works for 5 minutes."),
    ] {
        let config = Config { every_factor: true, stepup, ..Config::policy("all-applications") };
        let rig = Rig::with(&config).await;
        let page = challenged_by_email(&mut Browser::new(&rig)).await;
        assert!(page.answer.body.contains(words), "{words}: {}", page.answer.body);
    }
}

#[tokio::test]
async fn where_nothing_was_sent_the_page_says_so() {
    let stepup = "{ email_sends: 1, send_refill: 60 }";
    let rig = Rig::with(&Config { every_factor: true, stepup, ..Config::policy("all-applications") }).await;
    let sent = challenged_by_email(&mut Browser::new(&rig)).await;
    assert!(sent.answer.body.contains("We sent a 6-digit code to"), "{}", sent.answer.body);
    rig.advance(30);
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    assert_eq!((page.answer.status, error_code(&page).as_str()), (429, "too-many-email"));
    assert_eq!(page.answer.header("retry-after"), "30");
    assert!(page.answer.body.contains("<h1>No code was sent</h1>"), "{}", page.answer.body);
    assert!(!page.answer.body.contains("We sent") && !page.answer.body.contains("id=\"code\""));
    rig.advance(60);
    let renewed = browser.submit(&page, &[("action", "resend-code")]).await;
    assert!(renewed.answer.body.contains("We sent a 6-digit code to"), "{}", renewed.answer.body);
    at_the_end(&browser.submit(&renewed, &[("code", &sent_code(&rig, ADA).await)]).await);
}

#[tokio::test]
async fn ten_wrong_codes_close_the_door_to_a_right_one() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    let code = sent_code(&rig, ADA).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..10 {
        assert_eq!(error_code(&browser.submit(&page, &[("code", wrong)]).await), "invalid-code");
    }
    let refused = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!((refused.answer.status, error_code(&refused).as_str()), (429, "too-many-failures"));
    assert_eq!(refused.answer.header("retry-after"), "360");
    assert_eq!(refused.alert(), "Too many failed codes. Wait for some minutes before retrying.");
}

#[tokio::test]
async fn one_phone_is_two_ways_and_the_recovery_code_the_last() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let recovery_code = enrol_phone(&rig, &mut browser).await;
    let page = grace(&mut browser).await;
    assert_eq!(page.url.path(), "/u/mfa-sms-challenge");
    let options = go(&mut browser, &page, "mfa-login-options").await;
    let values = options.answer.body.split("name=\"action\" value=\"").skip(1);
    let values: Vec<_> = values.map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(values, ["phone", "voice", "recovery-code"]);

    let call = browser.submit(&options, &[("action", "voice")]).await;
    assert_eq!(call.url.path(), "/u/mfa-voice-challenge", "{}", call.answer.body);
    let back = browser.submit(&options, &[("action", "sms")]).await;
    assert_eq!(back.url.path(), "/u/mfa-sms-challenge");
    let unknown = browser.submit(&options, &[("action", "push-notification")]).await;
    assert_eq!(unknown.url.path(), "/u/mfa-sms-challenge", "what is not hers changes nothing");
    let recovery = browser.submit(&options, &[("action", "recovery-code")]).await;
    assert_eq!(recovery.url.path(), "/u/mfa-recovery-code-challenge");
    let shown = browser.submit(&recovery, &[("code", &recovery_code.to_lowercase())]).await;
    assert_eq!(shown.url.path(), "/u/mfa-recovery-code-enrollment", "{}", shown.answer.body);
    at_the_end(&browser.submit(&shown, &[("saved", "true")]).await);
}

#[tokio::test]
async fn pages_of_factors_that_nobody_asked_for_lead_back() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    for address in [
        "mfa-sms-challenge",
        "mfa-voice-challenge",
        "mfa-otp-challenge",
        "mfa-push-challenge-push",
        "mfa-recovery-code-challenge",
        "mfa-otp-enrollment",
        "mfa-phone-enrollment",
        "mfa-email-enrollment",
        "mfa-push-enrollment-qr",
        "mfa-enroll-options",
        "mfa-recovery-code-enrollment",
        "consent",
        "login",
        "login-email-verification",
        "signup",
    ] {
        let led = go(&mut browser, &page, address).await;
        assert_eq!(led.url.path(), "/u/mfa-email-challenge", "{address}");
        let url = page.url.join(&format!("/u/{address}?state={}", page.state())).unwrap();
        let fields = [("state", page.state()), ("code", "123456".to_owned()), ("phone", PHONE.to_owned())];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let posted = browser.post(&url, &fields).await;
        assert_eq!(posted.url.path(), "/u/mfa-email-challenge", "{address}");
    }
    assert_eq!(codes_sent(&rig, PHONE).await, 0);
}

#[tokio::test]
async fn a_user_who_is_gone_or_blocked_in_between_sees_a_clear_page() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    rig.tenant.reset().await.unwrap();
    let lost = browser.submit(&page, &[("code", "123456")]).await;
    assert_eq!(lost.answer.status, 400);
    assert!(lost.answer.body.contains("Oops!, something went wrong"), "{}", lost.answer.body);
}

#[tokio::test]
async fn whoever_is_blocked_in_between_is_sent_back_with_that() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    let store = &rig.tenant.state().store;
    let connection = "Username-Password-Authentication";
    let ada = store.user_by_identifier(connection, ADA).await.unwrap().unwrap();
    store.change_user(&ada.user_id, 0, &|user| user.blocked = true).await.unwrap();
    let code = sent_code(&rig, ADA).await;
    let end = browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(end.failure(), "unauthorized: user is blocked");
    assert_eq!(end.parameter("state"), "xyz");
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(silent.failure(), "login_required: Login required");
}

#[tokio::test]
async fn an_hour_is_all_that_a_login_has() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = challenged_by_email(&mut browser).await;
    rig.advance(3600);
    let late = browser.submit(&page, &[("code", "123456")]).await;
    assert_eq!(late.answer.status, 400);
    assert!(late.answer.body.contains("log in again from there"), "{}", late.answer.body);
}

#[tokio::test]
async fn the_last_used_factor_comes_first() {
    let rig = Rig::with(&Config { every_factor: true, ..Config::policy("all-applications") }).await;
    let mut browser = Browser::new(&rig);
    enrol_phone(&rig, &mut browser).await;
    rig.advance(60);
    let page = grace(&mut browser).await;
    let options = go(&mut browser, &page, "mfa-login-options").await;
    let call = browser.submit(&options, &[("action", "voice")]).await;
    at_the_end(&browser.submit(&call, &[("code", &sent_code(&rig, PHONE).await)]).await);
    let silent = browser.authorize(&[("prompt", "none")]).await;
    assert_eq!(browser.exchange_code(&silent).await.status, 200, "the session has a factor");
}
