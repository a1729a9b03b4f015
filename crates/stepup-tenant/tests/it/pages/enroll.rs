//! Enrolment of each factor at a login.

use serde_json::json;

use super::{PHONE, always, at_the_end, codes_sent, error_code, go, grace, scan, sent_code, sign_up};
use crate::rig::{Browser, Page};

const ACR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

/// The recovery code is kept, and the login ends with a second factor.
async fn end(browser: &mut Browser<'_>, shown: Page) {
    assert_eq!(shown.url.path(), "/u/mfa-recovery-code-enrollment", "{}", shown.answer.body);
    let end = browser.submit(&shown, &[("saved", "true")]).await;
    let claims = browser.exchange_code(&end).await.claims("id_token");
    assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["mfa"]), &json!(ACR)));
}

#[tokio::test]
async fn whoever_has_nothing_chooses_what_to_enrol() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let page = sign_up(&mut browser).await;
    assert_eq!(page.url.path(), "/u/mfa-enroll-options", "{}", page.answer.body);
    for factor in ["push-notification", "otp", "phone"] {
        assert!(page.answer.body.contains(&format!("name=\"action\" value=\"{factor}\"")), "{factor}");
    }
    let alias = go(&mut browser, &page, "mfa-begin-enroll-options").await;
    assert!(
        alias.attribute("action").starts_with("/u/mfa-begin-enroll-options?state="),
        "to its own address"
    );
    let chosen = browser.submit(&alias, &[("action", "otp")]).await;
    assert_eq!(chosen.url.path(), "/u/mfa-otp-enrollment");
    let back = go(&mut browser, &page, "mfa-enroll-options").await;
    for nonsense in ["recovery-code", "duo", "", "<script>"] {
        let page = browser.submit(&back, &[("action", nonsense)]).await;
        assert_eq!(page.url.path(), "/u/mfa-enroll-options", "{nonsense}");
    }
}

#[tokio::test]
async fn a_phone_is_enrolled_by_text_message() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let options = sign_up(&mut browser).await;
    let page = browser.submit(&options, &[("action", "phone")]).await;
    assert_eq!(page.url.path(), "/u/mfa-phone-enrollment", "{}", page.answer.body);
    for (phone, code) in [
        ("", "no-phone"),
        ("020 7946 0958", "invalid-phone-format"),
        ("+", "invalid-phone-format"),
        ("+44 20 CALL ME", "invalid-phone-format"),
        ("+1234567890123456", "invalid-phone-format"),
        ("<script>alert(1)</script>", "invalid-phone-format"),
    ] {
        let refused = browser.submit(&page, &[("phone", phone)]).await;
        assert_eq!((refused.answer.status, error_code(&refused).as_str()), (400, code), "{phone}");
        assert!(!refused.answer.body.contains("<script>alert"), "{}", refused.answer.body);
    }
    assert_eq!(codes_sent(&rig, PHONE).await, 0);

    let page = browser.submit(&page, &[("phone", "+44 20 7946-0958"), ("channel", "sms")]).await;
    assert_eq!(page.url.path(), "/u/mfa-sms-challenge", "{}", page.answer.body);
    assert!(page.answer.body.contains("•••• 0958") && !page.answer.body.contains(PHONE));
    let reloaded = browser.open(page.url.as_str()).await;
    assert_eq!(reloaded.answer.status, 200);
    assert_eq!(codes_sent(&rig, PHONE).await, 1, "a page that is loaded again sends nothing");

    let code = sent_code(&rig, PHONE).await;
    for (typed, key) in [("", "no-code"), ("12345", "invalid-otp-code-format"), ("000000", "invalid-code")] {
        let refused = browser.submit(&page, &[("code", typed)]).await;
        assert_eq!((refused.answer.status, error_code(&refused).as_str()), (400, key), "{typed}");
    }
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    let shown = browser.submit(&page, &[("code", &spaced)]).await;
    end(&mut browser, shown).await;
    assert!(rig.log().await.contains(&"gd_enrollment_complete".to_owned()));

    let again = grace(&mut browser).await;
    assert_eq!(again.url.path(), "/u/mfa-sms-challenge", "{}", again.answer.body);
    let replayed = browser.submit(&again, &[("code", &code)]).await;
    assert_eq!(error_code(&replayed), "invalid-code", "a code is good once");
    at_the_end(&browser.submit(&again, &[("code", &sent_code(&rig, PHONE).await)]).await);
}

#[tokio::test]
async fn a_phone_is_enrolled_by_a_call_and_another_number_may_be_given() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let options = sign_up(&mut browser).await;
    let page = browser.submit(&options, &[("action", "phone")]).await;
    browser.submit(&page, &[("phone", "+15550100"), ("channel", "sms")]).await;
    let page = go(&mut browser, &page, "mfa-phone-enrollment").await;
    let page = browser.submit(&page, &[("phone", PHONE), ("channel", "voice")]).await;
    assert_eq!(page.url.path(), "/u/mfa-voice-challenge", "{}", page.answer.body);
    let first = sent_code(&rig, "+15550100").await;
    let stale = browser.submit(&page, &[("code", &first)]).await;
    assert_eq!(error_code(&stale), "invalid-code", "the code of the other number");
    let shown = browser.submit(&page, &[("code", &sent_code(&rig, PHONE).await)]).await;
    end(&mut browser, shown).await;
    let messages = rig.tenant.messages().await.unwrap();
    assert!(messages.iter().any(|it| it.to == PHONE && it.channel == stepup_tenant::model::Channel::Voice));
}

#[tokio::test]
async fn a_device_is_enrolled_by_scanning_and_the_page_moves_on() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let options = sign_up(&mut browser).await;
    let page = browser.submit(&options, &[("action", "push-notification")]).await;
    assert_eq!(page.url.path(), "/u/mfa-push-enrollment-qr", "{}", page.answer.body);
    assert!(page.answer.body.contains("<svg class=\"qr\""));
    assert!(page.answer.body.contains("<noscript><meta http-equiv=\"refresh\""));
    let uri = page.attribute("data-barcode-uri");
    let reloaded = browser.open(page.url.as_str()).await;
    assert_eq!(reloaded.attribute("data-barcode-uri"), uri, "the same when loaded again");
    let status = async |browser: &mut Browser<'_>| {
        let address = format!("/u/mfa-push-enrollment-qr/status?state={}", page.state());
        let answer = browser.open(&address).await.answer;
        assert_eq!(answer.header("cache-control"), "no-store");
        answer.text("status")
    };
    assert_eq!(status(&mut browser).await, "pending");
    assert!(scan(&rig, &page).await);
    assert!(!scan(&rig, &page).await, "of two phones, one gets it");
    assert_eq!(status(&mut browser).await, "done");
    let shown = browser.open(page.url.as_str()).await;
    end(&mut browser, shown).await;
    let again = grace(&mut browser).await;
    assert_eq!(again.url.path(), "/u/mfa-push-challenge-push");
}

#[tokio::test]
async fn a_code_to_scan_runs_out_and_a_new_one_takes_its_place() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let options = sign_up(&mut browser).await;
    let page = browser.submit(&options, &[("action", "push-notification")]).await;
    rig.advance(300);
    let expired = browser.open(page.url.as_str()).await;
    assert_eq!(error_code(&expired), "enrollment-transaction-expired");
    assert!(!expired.answer.body.contains("data-barcode-uri") && !expired.answer.body.contains("http-equiv"));
    assert!(!scan(&rig, &page).await, "too late");
    let renewed = browser.submit(&expired, &[]).await;
    assert_ne!(renewed.attribute("data-barcode-uri"), page.attribute("data-barcode-uri"));
    assert!(scan(&rig, &renewed).await);
    let shown = browser.open(page.url.as_str()).await;
    end(&mut browser, shown).await;
}

#[tokio::test]
async fn sending_is_limited() {
    let rig = always().await;
    let mut browser = Browser::new(&rig);
    let options = sign_up(&mut browser).await;
    let page = browser.submit(&options, &[("action", "phone")]).await;
    for number in 0..10 {
        let sent = browser.submit(&page, &[("phone", &format!("+4420794609{number}0"))]).await;
        assert_eq!(sent.answer.status, 200, "{number}: {}", sent.answer.body);
    }
    let refused = browser.submit(&page, &[("phone", PHONE)]).await;
    assert_eq!((refused.answer.status, error_code(&refused).as_str()), (429, "too-many-sms"));
    assert_eq!(refused.answer.header("retry-after"), "3600");
    assert_eq!(codes_sent(&rig, PHONE).await, 0);
    let instead = browser.submit(&options, &[("action", "otp")]).await;
    assert_eq!(instead.url.path(), "/u/mfa-otp-enrollment", "another way is open");
}
