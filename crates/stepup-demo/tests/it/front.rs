//! What needs no second factor.

use reqwest::StatusCode;

use crate::browser::Browser;
use crate::house::House;

#[tokio::test]
async fn the_front_page_needs_no_log_in() {
    let house = House::open().await;
    let mut browser = Browser::new();
    browser.open(&house.at("/")).await;
    assert_eq!(browser.status, StatusCode::OK);
    assert!(browser.html.contains("href=\"/auth/login?returnTo=/balance\""));
    assert!(!browser.html.contains("Log out"));
}

#[tokio::test]
async fn every_page_carries_its_headers() {
    let house = House::open().await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for path in ["/", "/nowhere"] {
        let answer = http.get(house.at(path)).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'"),
            "{path}: {policy}"
        );
        assert_eq!(answer.headers()["x-frame-options"], "DENY");
        assert_eq!(answer.headers()["cache-control"], "private, no-store");
    }
}

#[tokio::test]
async fn the_stylesheet_is_kept_for_a_year() {
    let house = House::open().await;
    let mut browser = Browser::new();
    browser.open(&house.at("/")).await;
    let (_, rest) = browser.html.split_once("rel=\"stylesheet\" href=\"").unwrap();
    let address = house.at(rest.split_once('"').unwrap().0);
    let answer = reqwest::get(&address).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/css; charset=utf-8");
    assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
}

#[tokio::test]
async fn a_password_shows_the_balance() {
    let house = House::open().await;
    let browser = house.log_in().await;
    assert!(browser.html.contains("£1,815.12"));
    assert!(browser.html.contains("title=\"Logged in as Ada Lovelace\""), "{}", browser.html);
}

#[tokio::test]
async fn logging_out_ends_it_everywhere() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    browser.open(&house.at("/auth/logout")).await;
    assert_eq!(browser.url.as_str(), house.at("/"));
    assert!(!browser.html.contains("Log out"));
    browser.open(&house.at("/balance")).await;
    assert_eq!(browser.heading(), "Log in");
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    for origin in [Some("https://evil.example"), Some("null"), None] {
        browser.post(&house.at("/transfer"), "to=Eve&amount=100", origin).await;
        assert_eq!(browser.status, StatusCode::FORBIDDEN, "{origin:?}");
        assert_eq!(browser.heading(), "That did not come from here");
    }
}

#[tokio::test]
async fn every_page_of_a_customer_needs_a_log_in() {
    let house = House::open().await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for path in ["/balance", "/developer", "/transfer", "/transfer/1", "/transfer/1/recovery-code"] {
        let answer = http.get(house.at(path)).header("accept", "text/html").send().await.unwrap();
        assert!(answer.status().is_redirection(), "{path}");
        let location = answer.headers()["location"].to_str().unwrap();
        assert!(location.starts_with("/auth/login?returnTo="), "{path} leads to {location}");
    }
    let mut browser = Browser::new();
    for path in [
        "/transfer",
        "/transfer/1/again",
        "/transfer/1/cancel",
        "/transfer/1/code",
        "/transfer/1/kept",
        "/transfer/1/recovery-code",
    ] {
        browser.post(&house.at(path), "to=Eve&amount=100", Some(&house.bank)).await;
        assert_eq!(browser.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(browser.heading(), "You have been logged out", "{path}");
        let page = if path == "/transfer" { "%2Ftransfer\"" } else { "%2Ftransfer%2F1\"" };
        assert!(
            browser.html.contains(&format!("href=\"/auth/login?returnTo={page}")),
            "{path}: {}",
            browser.html
        );
    }
}

#[tokio::test]
async fn the_page_for_developers_loads_the_browser_module() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    browser.open(&house.at("/developer")).await;
    let (_, rest) = browser.html.split_once("<script type=\"module\" src=\"").unwrap();
    let script = reqwest::get(house.at(rest.split_once('"').unwrap().0)).await.unwrap().text().await.unwrap();
    assert!(script.contains("from \"/auth/stepup.js\""));
    assert_eq!(reqwest::get(house.at("/auth/stepup.js")).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_a_page_too() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    for path in ["/nowhere", "/transfer/1", "/transfer/x", "/transfer/99999999999999"] {
        browser.open(&house.at(path)).await;
        assert_eq!(browser.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(browser.heading(), "There is nothing here", "{path}");
    }
}

#[tokio::test]
async fn too_large_a_form_is_refused() {
    let house = House::open().await;
    let mut browser = house.log_in().await;
    let body = format!("to={}&amount=1", "x".repeat(64 * 1024));
    browser.post(&house.at("/transfer"), &body, Some(&house.bank)).await;
    assert_eq!(browser.status, StatusCode::PAYLOAD_TOO_LARGE);
}
