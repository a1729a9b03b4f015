//! Logins that are over, and addresses where there is nothing: a page says so, and shows the way out.

use super::at_the_end;
use crate::{
    management::Admin,
    rig::{API, Answer, Browser, Config, Page, Rig},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// Logs in, and comes back to the form.
async fn back_to_the_form(rig: &Rig, more: &[(&str, &str)]) -> Page {
    let mut browser = Browser::new(rig);
    let form = browser.authorize(more).await;
    assert!(browser.log_in(&form).await.url.as_str().contains("code="));
    let again = browser.open(form.url.as_str()).await;
    assert_eq!(again.answer.status, 400);
    let sent = browser.submit(&form, &[("username", "x"), ("password", "y")]).await;
    assert_eq!(again.answer.body, sent.answer.body);
    assert_eq!(sent.alert(), "The login was not found.");
    sent
}

#[tokio::test]
async fn an_old_form_leads_back_to_the_site_of_the_callback() {
    let rig = Rig::start().await;
    let lost = back_to_the_form(&rig, &[("redirect_uri", "http://localhost:3999/callback?x=1")]).await;
    let link = "<a href=\"http://localhost:3999/\">Back to webapp</a>";
    assert!(lost.answer.body.contains(link), "{}", lost.answer.body);
}

#[tokio::test]
async fn an_old_form_leads_to_where_the_application_begins_logins() {
    let yaml = Config::default().yaml().replacen(
        "    callbacks:",
        "    initiate_login_uri: https://shop.example/login?from=tenant\n    callbacks:",
        1,
    );
    let rig = Rig::with_yaml(&yaml).await;
    assert_eq!(rig.tenant.state().config.warnings, Vec::<String>::new());
    let lost = back_to_the_form(&rig, &[]).await;
    let link = "<a href=\"https://shop.example/login?from=tenant\">Back to webapp</a>";
    assert!(lost.answer.body.contains(link), "{}", lost.answer.body);
}

#[tokio::test]
async fn a_login_that_took_too_long_leads_back_too() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let form = browser.authorize(&[]).await;
    rig.advance(3600);
    let lost = browser.log_in(&form).await;
    assert_eq!(lost.answer.status, 400);
    assert!(lost.answer.body.contains("<a href=\"http://localhost:3000/\">Back to webapp</a>"));
}

#[tokio::test]
async fn a_login_whose_application_was_removed_names_it() {
    let admin = Admin::start().await;
    let rig = &admin.rig;
    let mut browser = Browser::new(rig);
    let form = browser.authorize(&[]).await;
    let refresh_token = rig.refresh_token().await;
    let mfa_token = rig.refresh(&refresh_token, &[("audience", API)]).await.mfa_token();
    assert_eq!(admin.delete("clients/stepup-webapp").await.status, 204);
    let lost = browser.log_in(&form).await;
    assert_eq!((lost.answer.status, lost.alert().as_str()), (400, "Unknown client: stepup-webapp"));
    assert!(lost.answer.body.contains("Check the client_id"), "{}", lost.answer.body);
    let refused = rig.authenticators(&mfa_token).await;
    let invalid = "401 invalid_grant: The mfa_token provided is invalid. Try getting a new token.";
    assert_eq!(refused.failure(), invalid);
}

#[tokio::test]
async fn nobody_else_learns_whose_login_it_was() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let form = browser.authorize(&[]).await;
    at_the_end(&browser.log_in(&form).await);
    let mut other = Browser::new(&rig);
    other.authorize(&[]).await;
    for state in [form.state(), "nothing".to_owned()] {
        let lost = other.open(&format!("/u/login?state={state}")).await;
        assert_eq!(lost.answer.status, 400);
        assert!(!lost.answer.body.contains("Back to"), "{}", lost.answer.body);
    }
}

#[tokio::test]
async fn what_is_left_of_a_login_begins_none() {
    let rig = Rig::with(&Config::default()).await;
    let mut browser = Browser::new(&rig);
    let form = browser.authorize(&[]).await;
    at_the_end(&browser.log_in(&form).await);
    let state = format!("{} is finished", form.state());
    let fields = [("state", state.as_str()), ("username", "ada@example.com"), ("password", "x")];
    let sent = browser.post(&form.url, &fields).await;
    assert_eq!((sent.answer.status, sent.alert().as_str()), (400, "The login was not found."));
}

async fn as_a_browser(rig: &Rig, request: reqwest::RequestBuilder) -> Answer {
    rig.send(request.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")).await
}

#[tokio::test]
async fn what_a_person_opens_answers_with_a_page() {
    let rig = Rig::with(&Config::default()).await;
    let long = format!("state={}", "x".repeat(70_000));
    let form = |path: &str| rig.http.post(rig.at(path)).header("content-type", FORM).body(long.clone());
    for (request, status, said) in [
        (rig.http.get(rig.at("/u/nothing")), 404, "There is nothing at /u/nothing."),
        (rig.http.get(rig.at("/authorize/nothing")), 404, "There is nothing at /authorize/nothing."),
        (rig.http.get(rig.at("/v2/logout?client_id=a&client_id=b")), 400, "client_id"),
        (form("/u/login"), 413, "The request body is larger than 64 KiB."),
        (form("/authorize"), 413, "The request body is larger than 64 KiB."),
    ] {
        let page = as_a_browser(&rig, request.try_clone().unwrap()).await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (status, "text/html; charset=utf-8"),
            "{said}"
        );
        assert!(page.body.contains("<h1>Oops!, something went wrong</h1>"), "{}", page.body);
        assert!(page.body.contains(said), "{}", page.body);
        assert!(page.header("content-security-policy").starts_with("default-src 'none'; "));

        let program = rig.send(request).await;
        assert_eq!((program.status, program.value().is_object()), (status, true), "{}", program.body);
    }
    let page = as_a_browser(&rig, form("/oauth/token")).await;
    assert_eq!((page.status, page.value().is_object()), (413, true), "an API stays one");
}
