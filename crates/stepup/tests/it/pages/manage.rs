//! `/auth/mfa/manage`: a user lists, adds and deletes their own authenticators.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use stepup_tenant::Fault;

use super::{
    factors::{house, newest_code},
    visitor::{Visitor, own_page},
};
use crate::captured::Captured;

#[tokio::test]
async fn a_stranger_logs_in_first() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.jar = Default::default();
    let answer = visitor.send(Method::GET, "/auth/mfa/manage", HeaderMap::new(), String::new()).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/auth/login?returnTo=%2Fauth%2Fmfa%2Fmanage");
}

#[tokio::test]
async fn ada_lists_adds_and_deletes() {
    let (captured, _guards) = Captured::begin();
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    let before = visitor.session();
    visitor.manage().await;
    assert_eq!((visitor.status, visitor.heading()), (StatusCode::OK, "Your second steps"));
    let after = visitor.session();
    let tokens = |state: &stepup::SessionState| {
        state.session().unwrap().token_sets().next().unwrap().access_token().to_owned()
    };
    assert_eq!(tokens(&before), tokens(&after), "the session is the same, with one more token");
    assert!(after.session().unwrap().has_refresh_token());

    visitor.press("add", &[]).await;
    assert_eq!(visitor.heading(), "Add a second step");
    visitor.press("add", &[("factor", "otp")]).await;
    let code = house.tenant.totp(&visitor.secret("secret")).unwrap();
    visitor.press("code", &[("code", &code)]).await;
    if visitor.heading() == "Keep your recovery code" {
        visitor.press("kept", &[("saved", "yes")]).await;
    }
    assert_eq!(visitor.heading(), "Your second steps");
    assert!(
        visitor.html.contains("Added.") && visitor.html.contains("Authenticator app"),
        "{}",
        visitor.html
    );

    assert_eq!(
        visitor.session().session().unwrap().second_factor(),
        None,
        "whoever is logged in can add one"
    );
    assert_eq!(captured.audit("authenticator_added").len(), 1);
    assert!(captured.audit("mfa_verified").is_empty(), "nobody asked for that proof");

    let remove = visitor.link("/auth/mfa/manage?remove=totp");
    visitor.get(&remove).await;
    assert_eq!(visitor.heading(), "Remove Authenticator app?");
    let id = visitor
        .html
        .split("name=\"authenticator\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    visitor.press("delete", &[("authenticator", &id)]).await;
    assert_eq!(visitor.heading(), "Your second steps");
    assert!(
        visitor.html.contains("Removed.") && !visitor.html.contains("Authenticator app"),
        "{}",
        visitor.html
    );
}

#[tokio::test]
async fn a_verified_address_stays_and_another_one_goes() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.manage().await;
    assert!(visitor.html.contains("****@exam*******"), "{}", visitor.html);
    assert!(!visitor.html.contains("?remove="), "the tenant would refuse: {}", visitor.html);

    visitor.press("add", &[]).await;
    visitor.press("add", &[("factor", "email")]).await;
    visitor.press("contact", &[("email", "lovelace@example.org")]).await;
    visitor.press("code", &[("code", &newest_code(&house).await)]).await;
    if visitor.heading() == "Keep your recovery code" {
        visitor.press("kept", &[("saved", "yes")]).await;
    }
    assert!(visitor.html.contains("love****@exam*******"), "{}", visitor.html);
    assert_eq!(
        visitor.html.matches("?remove=email").count(),
        1,
        "the one that was enrolled: {}",
        visitor.html
    );
    let remove = visitor.link("/auth/mfa/manage?remove=email");
    visitor.get(&remove).await;
    let id = visitor.html.split("name=\"authenticator\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap().to_owned();
    visitor.press("delete", &[("authenticator", &id)]).await;
    assert!(visitor.html.contains("Removed."), "{}", visitor.html);
    assert!(!visitor.html.contains("love****") && !visitor.html.contains("?remove="), "{}", visitor.html);

    // Whoever names it in the address is not asked.
    let listed = house.client.own_authenticators(visitor.session().session().unwrap()).unwrap().list().await;
    let kept = listed.unwrap().pop().unwrap();
    visitor.get(&format!("/auth/mfa/manage?remove={}", kept.id.replace('|', "%7C"))).await;
    assert_eq!(visitor.heading(), "Your second steps");
}

#[tokio::test]
async fn whoever_cancels_has_added_nothing() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.manage().await;
    visitor.press("add", &[]).await;
    visitor.press("cancel", &[]).await;
    assert_eq!((visitor.heading(), &*visitor.address), ("Your second steps", "/auth/mfa/manage"));
    assert!(!visitor.html.contains("Added."), "{}", visitor.html);

    visitor.press("add", &[]).await;
    visitor.press("add", &[("factor", "otp")]).await;
    visitor.press("cancel", &[]).await;
    assert!(!visitor.html.contains("Added."), "{}", visitor.html);
}

/// The tenant's answer to the next request.
fn answers(house: &crate::house::House, method: &str, path: &str, status: u16) {
    let fault = Fault { status: Some(status), retry_after: Some(90), ..Fault::on(method, path) };
    house.tenant.fail_next(fault);
}

#[tokio::test]
async fn what_the_tenant_says_to_a_deletion_is_told_for_what_it_is() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.manage().await;
    for (status, expected) in [(400, "kept"), (403, "kept"), (404, "deleted")] {
        answers(&house, "DELETE", "/mfa/authenticators/totp%7C1", status);
        let answer = visitor.send(Method::POST, "/auth/mfa/manage", own_page(), DELETE.to_owned()).await;
        assert_eq!(
            answer.headers()[header::LOCATION],
            format!("/auth/mfa/manage?did={expected}"),
            "{status}"
        );
    }
    answers(&house, "DELETE", "/mfa/authenticators/totp%7C1", 401);
    let answer = visitor.send(Method::POST, "/auth/mfa/manage", own_page(), DELETE.to_owned()).await;
    let login = answer.headers()[header::LOCATION].to_str().unwrap();
    assert!(login.starts_with(&format!("{}authorize?", house.tenant.issuer())), "for another token: {login}");

    answers(&house, "DELETE", "/mfa/authenticators/totp%7C1", 429);
    let answer = visitor.send(Method::POST, "/auth/mfa/manage", own_page(), DELETE.to_owned()).await;
    assert_eq!(
        (answer.status(), &answer.headers()[header::RETRY_AFTER]),
        (StatusCode::TOO_MANY_REQUESTS, &HeaderValue::from(90))
    );
    assert!(std::str::from_utf8(answer.body()).unwrap().contains("<h1>Please wait a moment</h1>"));
}

const DELETE: &str = "action=delete&authenticator=totp%7C1";

#[tokio::test]
async fn a_list_that_the_tenant_keeps_back_is_asked_for_anew_or_later() {
    let house = house().await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.manage().await;
    answers(&house, "GET", "/mfa/authenticators", 403);
    let answer = visitor.send(Method::GET, "/auth/mfa/manage", HeaderMap::new(), String::new()).await;
    let login = answer.headers()[header::LOCATION].to_str().unwrap();
    assert!(login.starts_with(&format!("{}authorize?", house.tenant.issuer())), "for another token: {login}");
    assert!(login.contains("login_hint=ada"), "{login}");

    answers(&house, "GET", "/mfa/authenticators", 403);
    visitor.get("/auth/mfa/manage?asked").await;
    assert_eq!((visitor.status, visitor.heading()), (StatusCode::FORBIDDEN, "This cannot be shown"));

    answers(&house, "GET", "/mfa/authenticators", 429);
    let answer = visitor.send(Method::GET, "/auth/mfa/manage", HeaderMap::new(), String::new()).await;
    assert_eq!(
        (answer.status(), &answer.headers()[header::RETRY_AFTER]),
        (StatusCode::TOO_MANY_REQUESTS, &HeaderValue::from(90))
    );
}
