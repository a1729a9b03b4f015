//! Which directory a user logs in with: the one that the request names, or those of the client one after the other.

use serde_json::json;
use stepup_tenant::model::User;

use super::{GRACE, STRONG, at_the_end, error_code, mailed_link};
use crate::rig::{ADA, Browser, Config, PASSWORD, Page, Rig};

const FIRST: &str = "Username-Password-Authentication";

/// Ada is in the first directory, Grace in the second, and `webapp` may not use the third.
async fn several() -> Rig {
    let database = "enabled_clients: [webapp, bare]
  - name: Partners
    strategy: auth0
    enabled_clients: [webapp]
  - name: Staff
    strategy: auth0
    enabled_clients: [bare]";
    let rig = Rig::with(&Config { database, ..Config::default() }).await;
    sign_up_partner(&rig, GRACE).await;
    rig
}

async fn sign_up_partner(rig: &Rig, email: &str) {
    let body =
        json!({ "client_id": "stepup-webapp", "connection": "Partners", "email": email, "password": STRONG });
    let answer = rig.json("/dbconnections/signup", None, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

async fn user(rig: &Rig, connection: &str, email: &str) -> Option<User> {
    rig.tenant.state().store.user_by_identifier(connection, email).await.unwrap()
}

async fn log_in(rig: &Rig, more: &[(&str, &str)], username: &str, password: &str) -> Page {
    let mut browser = Browser::new(rig);
    let page = browser.authorize(more).await;
    browser.submit(&page, &[("username", username), ("password", password)]).await
}

#[tokio::test]
async fn directories_are_tried_in_order() {
    let rig = several().await;
    at_the_end(&log_in(&rig, &[], ADA, PASSWORD).await);
    at_the_end(&log_in(&rig, &[], GRACE, STRONG).await);
    sign_up_partner(&rig, ADA).await;
    at_the_end(&log_in(&rig, &[], ADA, PASSWORD).await);
    at_the_end(&log_in(&rig, &[], ADA, STRONG).await);
    assert_eq!(user(&rig, FIRST, ADA).await.unwrap().logins_count, 2, "two people with one address");
    assert_eq!(user(&rig, "Partners", ADA).await.unwrap().logins_count, 1);
    assert_eq!(
        error_code(&log_in(&rig, &[("client_id", "bare")], GRACE, STRONG).await),
        "wrong-email-credentials"
    );
}

#[tokio::test]
async fn the_one_that_is_named_is_the_only_one() {
    let rig = several().await;
    let partners = [("connection", "Partners")];
    at_the_end(&log_in(&rig, &partners, GRACE, STRONG).await);
    assert_eq!(error_code(&log_in(&rig, &partners, ADA, PASSWORD).await), "wrong-email-credentials");

    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("screen_hint", "signup"), partners[0]]).await;
    at_the_end(&browser.submit(&page, &[("email", "joan@example.com"), ("password", STRONG)]).await);
    assert!(user(&rig, "Partners", "joan@example.com").await.is_some());
    assert!(user(&rig, FIRST, "joan@example.com").await.is_none());

    let mut browser = Browser::new(&rig);
    for (name, expected) in [
        ("nowhere", "invalid_request: the connection was not found"),
        ("Staff", "invalid_request: the connection was disabled"),
    ] {
        assert_eq!(browser.authorize(&[("connection", name)]).await.failure(), expected);
    }
}

#[tokio::test]
async fn a_session_of_another_directory_does_not_stand_for_the_one_that_is_named() {
    let rig = several().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    at_the_end(&browser.log_in(&page).await);
    let partners = ("connection", "Partners");
    let silent = browser.authorize(&[partners, ("prompt", "none")]).await;
    assert_eq!(silent.failure(), "login_required: Login required");
    let page = browser.authorize(&[partners]).await;
    assert_eq!(page.url.path(), "/u/login", "{}", page.url);
    at_the_end(&browser.authorize(&[("connection", FIRST)]).await);
    at_the_end(&browser.authorize(&[("prompt", "none")]).await);

    let end = browser.submit(&page, &[("username", GRACE), ("password", STRONG)]).await;
    assert_eq!(browser.exchange_code(&end).await.claims("id_token")["email"], GRACE);
    at_the_end(&browser.authorize(&[partners, ("prompt", "none")]).await);
    let silent = browser.authorize(&[("connection", FIRST), ("prompt", "none")]).await;
    assert_eq!(silent.failure(), "login_required: Login required");
}

#[tokio::test]
async fn whoever_signs_up_goes_to_the_first() {
    let rig = several().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[("screen_hint", "signup")]).await;
    at_the_end(&browser.submit(&page, &[("email", "joan@example.com"), ("password", STRONG)]).await);
    assert!(user(&rig, FIRST, "joan@example.com").await.is_some());
}

#[tokio::test]
async fn a_link_for_a_new_password_goes_to_whoever_has_the_address() {
    let rig = several().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    let request = super::go(&mut browser, &page, "reset-password/request").await;
    browser.submit(&request, &[("email", GRACE)]).await;
    assert!(mailed_link(&rig, GRACE).await.starts_with("u/reset-password?ticket="));
}

#[tokio::test]
async fn wrong_passwords_run_out_for_each_name_alike() {
    let rig = several().await;
    for name in [ADA, GRACE, "nobody@example.com"] {
        for _ in 0..10 {
            assert_eq!(
                error_code(&log_in(&rig, &[], name, "wrong").await),
                "wrong-email-credentials",
                "{name}"
            );
        }
        assert_eq!(error_code(&log_in(&rig, &[], name, "wrong").await), "too-many-attempts", "{name}");
    }
    assert_eq!(error_code(&log_in(&rig, &[], GRACE, STRONG).await), "too-many-attempts");
    let named = log_in(&rig, &[("connection", "Partners")], GRACE, STRONG).await;
    assert_eq!(error_code(&named), "too-many-attempts", "by whichever way");
}

#[tokio::test]
async fn right_passwords_do_not_run_out() {
    let rig = several().await;
    for _ in 0..12 {
        at_the_end(&log_in(&rig, &[], GRACE, STRONG).await);
    }
}

/// Somebody with the same address elsewhere, whose password is right, opens no door to the other account.
#[tokio::test]
async fn a_namesake_refills_nothing() {
    let rig = several().await;
    sign_up_partner(&rig, ADA).await;
    for _ in 0..10 {
        assert_eq!(error_code(&log_in(&rig, &[], ADA, "wrong").await), "wrong-email-credentials");
        at_the_end(&log_in(&rig, &[("connection", "Partners")], ADA, STRONG).await);
    }
    let first = log_in(&rig, &[("connection", FIRST)], ADA, PASSWORD).await;
    assert_eq!(error_code(&first), "too-many-attempts");
    at_the_end(&log_in(&rig, &[], ADA, STRONG).await);
}
