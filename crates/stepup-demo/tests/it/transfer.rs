//! A transfer, with all that can come between.

use std::time::Duration;

use reqwest::StatusCode;
use stepup_tenant::Fault;

use crate::house::House;

#[tokio::test]
async fn the_first_transfer_enrolls_an_app_and_goes_through() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "  Charles   Babbage ", "25").await;

    assert_eq!(browser.heading(), "Protect your transfers");
    assert!(browser.html.contains("<svg class=\"qr\""));
    assert!(browser.html.contains("To <strong>Charles Babbage</strong>"));
    assert!(browser.html.contains("Transfer £25.00"));
    let secret = browser.attribute("data-secret").unwrap().to_owned();
    assert_eq!(secret.len(), 32);

    browser.submit("/code", &[("code", &house.code(&secret))]).await;
    assert_eq!(browser.heading(), "Keep your recovery code");
    assert!(browser.html.contains("£25.00 sent to Charles Babbage"));

    browser.submit("/kept", &[]).await;
    assert_eq!(browser.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.alert().unwrap(), "Keep the code in a safe place, then set the tick to go on.");
    let recovery_code = browser.attribute("data-recovery-code").unwrap().to_owned();
    assert_eq!(recovery_code.len(), 24);

    browser.submit("/kept", &[("saved", "true")]).await;
    assert_eq!(browser.heading(), "Transfer done");
    assert!(!browser.html.contains(&recovery_code), "shown once");

    browser.open(&house.at("/balance")).await;
    assert!(browser.html.contains("£1,790.12"), "{}", browser.html);
    assert!(browser.html.contains("Charles Babbage"));
}

#[tokio::test]
async fn the_second_transfer_of_a_session_is_challenged() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    let (secret, _) = house.enroll(&mut browser).await;
    house.order(&mut browser, "Mary Somerville", "1.50").await;
    assert_eq!(browser.heading(), "Enter your code");

    house.wait_for_the_next_code();
    browser.submit("/code", &[("code", &house.code(&secret))]).await;
    assert_eq!(browser.heading(), "Transfer done");
}

#[tokio::test]
async fn a_new_session_is_challenged() {
    let house = House::open().await;
    let (secret, _) = house.enroll(&mut house.log_in().await).await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Mary Somerville", "100").await;
    assert_eq!(browser.heading(), "Enter your code");

    house.wait_for_the_next_code();
    let code = house.code(&secret);
    browser.submit("/code", &[("code", &format!(" {} {} ", &code[..3], &code[3..]))]).await;
    assert_eq!(browser.heading(), "Transfer done", "{}", browser.html);
    assert!(browser.html.contains("£1,690.12"), "{}", browser.html);
}

#[tokio::test]
async fn a_wrong_code_is_told_and_the_right_one_still_works() {
    let house = House::open().await;
    let (secret, _) = house.enroll(&mut house.log_in().await).await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Mary Somerville", "100").await;
    house.wait_for_the_next_code();

    for (code, alert) in [
        ("", "Enter the 6-digit code that your app shows."),
        ("12345", "A code has 6 digits. Check the one that your app shows and enter it again."),
        ("12345a", "A code has 6 digits. Check the one that your app shows and enter it again."),
        (
            "００００００",
            "That code is not right. It changes every 30 seconds: enter the one that your app shows now.",
        ),
        (
            wrong(&house.code(&secret)),
            "That code is not right. It changes every 30 seconds: enter the one that your app shows now.",
        ),
    ] {
        browser.submit("/code", &[("code", code)]).await;
        assert_eq!(browser.status, StatusCode::UNPROCESSABLE_ENTITY, "{code}");
        assert_eq!(browser.heading(), "Enter your code");
        assert_eq!(browser.alert().unwrap(), alert);
    }
    browser.submit("/code", &[("code", &house.code(&secret))]).await;
    assert_eq!(browser.heading(), "Transfer done", "{}", browser.html);
}

#[tokio::test]
async fn a_wrong_code_at_the_enrolment_keeps_the_qr_code() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Charles Babbage", "25").await;
    let secret = browser.attribute("data-secret").unwrap().to_owned();
    browser.submit("/code", &[("code", wrong(&house.code(&secret)))]).await;
    assert_eq!(browser.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.attribute("data-secret"), Some(&*secret));
    browser.submit("/code", &[("code", &house.code(&secret))]).await;
    assert_eq!(browser.heading(), "Keep your recovery code");
}

#[tokio::test]
async fn the_recovery_code_works_once_and_is_replaced() {
    let house = House::open().await;
    let (_, recovery_code) = house.enroll(&mut house.log_in().await).await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Mary Somerville", "100").await;
    let order = browser.url.clone();

    browser.open(&format!("{order}/recovery-code")).await;
    assert_eq!(browser.heading(), "Use your recovery code");
    browser.submit("/recovery-code", &[("code", "AAAABBBBCCCCDDDDEEEEFFFF")]).await;
    assert_eq!(browser.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        browser.alert().unwrap(),
        "That recovery code is not right. Check each character and enter it again."
    );

    let as_typed =
        format!("{}-{} {}", &recovery_code[..8].to_lowercase(), &recovery_code[8..16], &recovery_code[16..]);
    browser.submit("/recovery-code", &[("code", &as_typed)]).await;
    assert_eq!(browser.heading(), "Keep your recovery code", "{}", browser.html);
    let next = browser.attribute("data-recovery-code").unwrap().to_owned();
    assert_ne!(next, recovery_code);
    browser.submit("/kept", &[("saved", "true")]).await;
    assert_eq!(browser.heading(), "Transfer done");

    let mut browser = house.log_in().await;
    house.order(&mut browser, "Mary Somerville", "100").await;
    browser.open(&format!("{}/recovery-code", browser.url)).await;
    browser.submit("/recovery-code", &[("code", &recovery_code)]).await;
    assert_eq!(browser.status, StatusCode::UNPROCESSABLE_ENTITY, "the old one is used up");
    browser.submit("/recovery-code", &[("code", &next)]).await;
    assert_eq!(browser.heading(), "Keep your recovery code");
}

#[tokio::test]
async fn too_many_wrong_codes_lock_out_and_say_so() {
    let house = House::open().await;
    let (secret, _) = house.enroll(&mut house.log_in().await).await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Mary Somerville", "100").await;
    house.wait_for_the_next_code();

    let mut attempts = 0;
    while browser.status != StatusCode::TOO_MANY_REQUESTS {
        attempts += 1;
        assert!(attempts <= 11, "no lock-out after {attempts} wrong codes");
        browser.submit("/code", &[("code", wrong(&house.code(&secret)))]).await;
    }
    assert!(browser.alert().unwrap().starts_with("Too many wrong codes."));
    browser.submit("/code", &[("code", &house.code(&secret))]).await;
    assert_eq!(browser.status, StatusCode::TOO_MANY_REQUESTS, "the right code is refused too");
}

#[tokio::test]
async fn a_step_up_that_took_too_long_begins_again() {
    let house = House::open().await;
    let (secret, _) = house.enroll(&mut house.log_in().await).await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Mary Somerville", "100").await;
    house.tenant.clock().advance(Duration::from_secs(700));

    browser.submit("/code", &[("code", &house.code(&secret))]).await;
    assert_eq!(browser.status, StatusCode::GONE, "{}", browser.html);
    assert_eq!(browser.heading(), "Your transfer waits");
    assert!(browser.html.contains("Mary Somerville"));
    browser.submit("/again", &[]).await;
    assert_eq!(browser.heading(), "Enter your code");
    browser.submit("/code", &[("code", &house.code(&secret))]).await;
    assert_eq!(browser.heading(), "Transfer done", "{}", browser.html);
}

#[tokio::test]
async fn a_form_that_will_not_do_keeps_what_was_typed() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    for (to, amount, alert) in [
        (" ", "25", "Enter who gets the money."),
        ("Charles", "", "Enter an amount."),
        ("Charles", "ten", "Enter the amount in pounds and pence, such as 25 or 25.50."),
        ("Charles", "0", "Enter an amount above £0.00."),
        ("Charles", "1815.13", "You do not have that much."),
    ] {
        house.order(&mut browser, to, amount).await;
        assert_eq!(browser.status, StatusCode::UNPROCESSABLE_ENTITY, "{to} {amount}");
        assert_eq!(browser.alert().unwrap(), alert);
        assert!(
            browser.html.contains(&format!("value=\"{to}\""))
                && browser.html.contains(&format!("value=\"{amount}\""))
        );
    }
    house.order(&mut browser, &"x".repeat(81), "25").await;
    assert_eq!(browser.alert().unwrap(), "Enter a name of at most 80 characters.");
    house.order(&mut browser, "<b>Eve</b>", "").await;
    assert!(!browser.html.contains("<b>"));
}

#[tokio::test]
async fn an_order_can_be_taken_back() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Charles Babbage", "25").await;
    let order = browser.url.clone();
    browser.submit("/cancel", &[]).await;
    assert_eq!(browser.url.as_str(), house.at("/balance"));
    assert!(browser.html.contains("£1,815.12"));
    browser.open(order.as_str()).await;
    assert_eq!(browser.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_form_sent_twice_sends_the_money_once() {
    let house = House::open().await;
    let (secret, _) = house.enroll(&mut house.log_in().await).await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Mary Somerville", "100").await;
    house.wait_for_the_next_code();
    let form = format!("{}/code", browser.url);
    let body = format!("code={}", house.code(&secret));
    for _ in 0..2 {
        browser.post(&form, &body, Some(&house.bank)).await;
        assert_eq!(browser.heading(), "Transfer done", "{}", browser.html);
        assert!(browser.html.contains("£1,690.12"));
    }
}

#[tokio::test]
async fn a_tenant_that_fails_loses_no_order() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    house.tenant.fail_next(Fault { status: Some(503), ..Fault::on("POST", "/oauth/token") });
    house.order(&mut browser, "Charles Babbage", "25").await;
    assert_eq!(browser.status, StatusCode::BAD_GATEWAY);
    assert_eq!(browser.heading(), "Your transfer waits");
    assert_eq!(browser.alert().unwrap(), "Our log-in service does not answer. Nothing was sent; try again.");
    browser.submit("/again", &[]).await;
    assert_eq!(browser.heading(), "Protect your transfers", "{}", browser.html);
}

#[tokio::test]
async fn a_step_up_that_ended_elsewhere_begins_again() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Charles Babbage", "25").await;
    for description in ["Unknown or invalid refresh token.", "Malformed mfa_token"] {
        let refused = serde_json::json!({ "error": "invalid_grant", "error_description": description });
        house.tenant.fail_next(Fault {
            status: Some(403),
            body: Some(refused),
            ..Fault::on("POST", "/oauth/token")
        });
        browser.submit("/code", &[("code", "123456")]).await;
        assert_eq!((browser.status, browser.heading()), (StatusCode::GONE, "Your transfer waits"));
        let alert = "The second step was ended elsewhere, so it has to begin again.";
        assert_eq!(browser.alert().unwrap(), alert, "{description}");
        browser.submit("/again", &[]).await;
        assert_eq!(browser.heading(), "Protect your transfers", "{description}");
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_gone_asks_for_a_log_in_that_leads_back_to_the_order() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    let refused = serde_json::json!({ "error": "invalid_grant", "error_description": "Unknown or invalid refresh token." });
    house.tenant.fail_next(Fault {
        status: Some(403),
        body: Some(refused),
        ..Fault::on("POST", "/oauth/token")
    });
    house.order(&mut browser, "Charles Babbage", "25").await;
    assert_eq!((browser.status, browser.heading()), (StatusCode::UNAUTHORIZED, "Please log in again"));
    let login = browser.link("Log in");
    browser.open(&login).await;
    assert_eq!(browser.heading(), "Your transfer waits", "{}", browser.html);
    browser.submit("/again", &[]).await;
    assert_eq!(browser.heading(), "Protect your transfers");
}

#[tokio::test]
async fn no_token_reaches_the_browser() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Charles Babbage", "25").await;
    assert!(browser.url.query().is_none() && browser.url.fragment().is_none(), "{}", browser.url);
    for exchange in house.tenant.requests() {
        let Ok(answer) = serde_json::from_str::<serde_json::Value>(&exchange.response.body) else { continue };
        for secret in ["mfa_token", "access_token", "refresh_token"] {
            if let Some(token) = answer[secret].as_str() {
                assert!(!browser.html.contains(token), "{secret} is on the page");
                assert!(
                    browser.cookies(browser.url.path()).iter().all(|cookie| !cookie.contains(token)),
                    "{secret} is in a cookie"
                );
            }
        }
    }
}

/// A code of six digits that is not `right`, nor any of its neighbours in all likelihood.
fn wrong(right: &str) -> &'static str {
    if right == "000000" { "111111" } else { "000000" }
}
