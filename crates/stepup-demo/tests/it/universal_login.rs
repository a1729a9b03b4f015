//! A log-in that asks for the second factor itself, on the tenant's pages.

use reqwest::StatusCode;

use crate::browser::Browser;
use crate::house::{EMAIL, House, PASSWORD};

const WITH_MFA: &str = "/auth/login?returnTo=%2Fbalance&acr_values=http%3A%2F%2Fschemas.openid.net%2Fpape%2Fpolicies%2F2007%2F06%2Fmulti-factor";

async fn to_the_second_step(house: &House) -> Browser {
    let mut browser = Browser::new();
    browser.open(&house.at(WITH_MFA)).await;
    browser.submit("/u/login", &[("username", EMAIL), ("password", PASSWORD)]).await;
    browser
}

#[tokio::test]
async fn enrolls_an_app_then_challenges_it_then_takes_the_recovery_code() {
    let house = House::of_apps().await;
    let mut browser = to_the_second_step(&house).await;
    assert_eq!(browser.heading(), "Set up your authenticator app", "{}", browser.html);
    let secret = browser.attribute("data-secret").unwrap().to_owned();
    browser.submit("/u/mfa-otp-enrollment", &[("code", &house.code(&secret))]).await;
    assert_eq!(browser.heading(), "Keep your recovery code", "{}", browser.html);
    let recovery_code = browser.attribute("data-recovery-code").unwrap().to_owned();
    browser.submit("/u/mfa-recovery-code-enrollment", &[("saved", "true")]).await;
    assert_eq!(browser.url.as_str(), house.at("/balance"), "{}", browser.html);

    let mut browser = to_the_second_step(&house).await;
    assert_eq!(browser.heading(), "Enter your code", "{}", browser.html);
    house.wait_for_the_next_code();
    let code = house.code(&secret);
    browser.submit("/u/mfa-otp-challenge", &[("code", &format!("{} {}", &code[..3], &code[3..]))]).await;
    assert_eq!(browser.url.as_str(), house.at("/balance"), "{}", browser.html);

    let mut browser = to_the_second_step(&house).await;
    let options = browser.link("Try another way");
    browser.open(&options).await;
    assert_eq!(browser.heading(), "Try another way", "{}", browser.html);
    browser.submit("/u/mfa-login-options", &[("action", "recovery-code")]).await;
    browser.submit("/u/mfa-recovery-code-challenge", &[("code", &recovery_code)]).await;
    assert_eq!(browser.heading(), "Keep your recovery code", "{}", browser.html);
    assert_ne!(browser.attribute("data-recovery-code"), Some(&*recovery_code));
    browser.submit("/u/mfa-recovery-code-enrollment", &[("saved", "true")]).await;
    assert_eq!(browser.url.as_str(), house.at("/balance"), "{}", browser.html);
}

#[tokio::test]
async fn whoever_it_is_not_may_log_in_instead() {
    let house = House::of_apps().await;
    let mut browser = to_the_second_step(&house).await;
    assert!(browser.html.contains(EMAIL));
    let switch = browser.link("Not you?");
    browser.open(&switch).await;
    assert_eq!((browser.status, browser.heading()), (StatusCode::OK, "Log in"));
    assert!(!browser.html.contains(EMAIL));
    browser.submit("/u/login", &[("username", EMAIL), ("password", PASSWORD)]).await;
    assert_eq!(browser.heading(), "Set up your authenticator app", "{}", browser.html);
}

#[tokio::test]
async fn a_wrong_password_is_told_and_the_address_is_kept() {
    let house = House::open().await;
    let mut browser = Browser::new();
    browser.open(&house.at("/balance")).await;
    browser.submit("/u/login", &[("username", EMAIL), ("password", "wrong")]).await;
    assert_eq!(browser.alert().unwrap(), "Wrong email or password.");
    assert!(browser.html.contains(&format!("value=\"{EMAIL}\"")));
    browser.submit("/u/login", &[("username", EMAIL), ("password", PASSWORD)]).await;
    assert_eq!(browser.url.as_str(), house.at("/balance"));
}
