//! Transfers that are confirmed on the SDK's ready-made pages, and the pages for one's own authenticators.

use reqwest::StatusCode;
use serde_json::json;
use stepup::Format;

use crate::browser::Browser;
use crate::house::{EMAIL, House, PASSWORD};

const TOTP: &str = "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4";

/// Gives the code that the tenant sent last, on the SDK's page for it; the form then waits to go on.
async fn give_code_sent(house: &House, browser: &mut Browser) {
    let page = page_of_a_detour(browser);
    if !browser.html.contains("id=\"code\"") {
        browser.submit(&page, &[("action", "use")]).await;
    }
    let messages = house.tenant.messages().await.unwrap();
    let code = messages.into_iter().find_map(|message| message.code).unwrap();
    browser.submit(&page, &[("action", "code"), ("code", &code)]).await;
    assert_eq!(browser.url.path(), format!("{page}/resume"), "{}", browser.html);
}

/// The path of the SDK's page that the browser is on.
fn page_of_a_detour(browser: &Browser) -> String {
    let path = browser.url.path();
    assert!(path.starts_with("/auth/mfa/d/") && !path.ends_with("/resume"), "{path}: {}", browser.html);
    path.to_owned()
}

#[tokio::test]
async fn a_factor_that_the_bank_does_not_know_is_proved_on_the_ready_made_pages() {
    let house = House::where_ada_has(json!([{ "phone": { "value": "+12025550123" } }])).await;
    let mut browser = house.log_in().await;
    for (to, left) in [("Charles Babbage", "£1,790.12"), ("Mary Somerville", "£1,765.12")] {
        house.order(&mut browser, to, "25").await;
        assert!(
            browser.html.contains("Bank of Ada") && browser.html.contains(".colours.css"),
            "{}",
            browser.html
        );
        give_code_sent(&house, &mut browser).await;
        browser.submit("/confirm", &[]).await;
        assert_eq!(browser.heading(), "Transfer done", "{}", browser.html);
        assert!(
            browser.html.contains(to) && browser.html.contains(left),
            "each transfer is asked for: {}",
            browser.html
        );
        house.tenant.clock().advance(std::time::Duration::from_secs(60));
    }
}

#[tokio::test]
async fn a_proof_confirms_one_transfer() {
    let house = House::where_ada_has(json!([{ "phone": { "value": "+12025550123" } }])).await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Charles Babbage", "25").await;
    give_code_sent(&house, &mut browser).await;
    browser.submit("/confirm", &[]).await;
    let done = browser.url.clone();
    assert!(done.path().starts_with("/transfer/"), "{done}");

    let mut other = done.clone();
    other.set_path(&format!("{}/confirm", done.path()));
    browser.post(other.as_str(), "", Some(&house.bank)).await;
    // The proof is spent.
    page_of_a_detour(&browser);
    browser.open(done.as_str()).await;
    assert!(browser.html.contains("£1,790.12"), "{}", browser.html);
}

#[tokio::test]
async fn two_tabs_confirm_their_own_transfers() {
    let house = House::where_ada_has(json!([{ "phone": { "value": "+12025550123" } }])).await;
    let mut browser = house.log_in().await;
    let mut tabs = Vec::new();
    for to in ["Charles Babbage", "Mary Somerville"] {
        house.order(&mut browser, to, "25").await;
        page_of_a_detour(&browser);
        tabs.push((to, browser.url.clone(), browser.html.clone()));
        house.tenant.clock().advance(std::time::Duration::from_secs(60));
    }
    for (to, url, html) in tabs {
        (browser.url, browser.html) = (url, html);
        give_code_sent(&house, &mut browser).await;
        browser.submit("/confirm", &[]).await;
        assert_eq!(browser.heading(), "Transfer done", "{}", browser.html);
        assert!(browser.html.contains(to), "{to}: {}", browser.html);
        house.tenant.clock().advance(std::time::Duration::from_secs(60));
    }
}

#[tokio::test]
async fn whoever_has_the_app_too_may_choose() {
    let house = House::where_ada_has(
        json!([{ "totp": { "secret": TOTP } }, { "phone": { "value": "+12025550123" } }]),
    )
    .await;
    let mut browser = house.log_in().await;
    house.order(&mut browser, "Charles Babbage", "25").await;
    assert_eq!(browser.heading(), "Enter your code");
    browser.submit("/confirm", &[]).await;
    page_of_a_detour(&browser);
    let choices = browser.html.split("name=\"authenticator\" value=\"").skip(1);
    let ids: Vec<_> = choices.map(|rest| rest.split_once('"').unwrap().0.to_owned()).collect();
    assert!(ids.len() >= 2, "the app and the phone: {}", browser.html);
    assert!(browser.html.contains("Bank of Ada"), "{}", browser.html);
}

#[tokio::test]
async fn a_customer_who_just_enrolled_the_app_may_confirm_the_next_transfer_another_way() {
    for format in [Format::Stepup, Format::NextjsAuth0, Format::Auth0ServerPython] {
        let house = House::writing(format).await;
        let mut browser = house.log_in().await;
        let (secret, _) = house.enroll(&mut browser).await;
        house.wait_for_the_next_code();
        house.order(&mut browser, "Mary Somerville", "25").await;
        assert_eq!(browser.heading(), "Enter your code");
        browser.submit("/confirm", &[]).await;
        if format == Format::Stepup {
            let page = page_of_a_detour(&browser);
            browser.submit(&page, &[("action", "use")]).await;
            browser.submit(&page, &[("action", "code"), ("code", &house.code(&secret))]).await;
        } else {
            // The peers' forms are longer: there is no room for the token, and the tenant's pages do without it.
            browser.submit("/u/login", &[("username", EMAIL), ("password", PASSWORD)]).await;
            browser.submit("/u/mfa-otp-challenge", &[("code", &house.code(&secret))]).await;
        }
        browser.submit("/confirm", &[]).await;
        assert_eq!(browser.heading(), "Transfer done", "{format:?}: {}", browser.html);
    }
}

#[tokio::test]
async fn nobody_confirms_without_a_log_in_or_from_elsewhere() {
    let house = House::open().await;
    let mut browser = Browser::new();
    browser.post(&house.at("/transfer/1/confirm"), "", Some(&house.bank)).await;
    assert_eq!((browser.status, browser.heading()), (StatusCode::UNAUTHORIZED, "You have been logged out"));
    let mut browser = house.log_in().await;
    browser.post(&house.at("/transfer/1/confirm"), "", Some("https://evil.example")).await;
    assert_eq!((browser.status, browser.heading()), (StatusCode::FORBIDDEN, "That did not come from here"));
}

#[tokio::test]
async fn security_leads_to_the_customers_own_authenticators() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    let security = browser.link("Security");
    assert_eq!(security, house.at("/auth/mfa/manage"));
    browser.open(&security).await;
    assert_eq!(
        (browser.status, browser.url.path()),
        (StatusCode::OK, "/auth/mfa/manage"),
        "{}",
        browser.html
    );
    assert!(
        browser.html.contains("Bank of Ada") && browser.html.contains(".colours.css"),
        "{}",
        browser.html
    );
    let colours =
        browser.html.split("href=\"").find(|rest| rest.split('"').next().unwrap().contains(".colours.css"));
    let address = house.at(colours.unwrap().split('"').next().unwrap());
    let answer = reqwest::get(&address).await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (StatusCode::OK, &"text/css; charset=utf-8".parse().unwrap())
    );
    assert!(answer.text().await.unwrap().starts_with(":root {"), "{address}");
}
