//! `/auth/mfa/manage`: a user lists, adds and deletes their own authenticators.

use http::{HeaderMap, Method, StatusCode, header};

use super::{
    factors::{house, newest_code},
    visitor::Visitor,
};

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
