//! A step-up as a page's script does it: every call through the mounted routes, the tenant behind them.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use stepup_tenant::Tenant;

use crate::bank::{Bank, Browser};

const TOKEN: &str = "/auth/access-token?audience=https%3A%2F%2Fapi.example.com&scope=transfer%3Afunds";

/// What the page's script gets, which nobody keeps.
async fn call(
    browser: &mut Browser,
    method: Method,
    path: &str,
    body: Option<Value>,
    token: Option<&str>,
) -> (StatusCode, Value) {
    let answer = browser.call(method, path, body, token).await;
    assert!(answer.headers[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"), "{path}");
    (answer.status, answer.body)
}

#[tokio::test]
async fn a_page_steps_up_through_the_routes() {
    let tenant = Tenant::builder().start().await.unwrap();
    let bank = Bank::with(tenant, |client| client, |routes| routes).await;
    let mut browser = bank.logged_in().await;

    let (status, due) = call(&mut browser, Method::GET, TOKEN, None, None).await;
    assert_eq!((status, due["error"].as_str()), (StatusCode::FORBIDDEN, Some("mfa_required")), "{due}");
    let token = due["mfa_token"].as_str().unwrap().to_owned();
    let token = Some(token.as_str());

    let (status, listed) = call(&mut browser, Method::GET, "/auth/mfa/authenticators", None, token).await;
    let kinds: Vec<_> = listed.as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!((status, kinds), (StatusCode::OK, vec!["email"]), "only what came by itself");
    let enroll = Some(json!({ "authenticator_types": ["otp"] }));
    let (status, app) = call(&mut browser, Method::POST, "/auth/mfa/associate", enroll, token).await;
    assert_eq!((status, app["authenticator_type"].as_str()), (StatusCode::OK, Some("otp")), "{app}");

    let wrong = Some(json!({ "otp": "12345x" }));
    let (status, wrong) = call(&mut browser, Method::POST, "/auth/mfa/verify", wrong, token).await;
    assert_eq!((status, wrong["error"].as_str()), (StatusCode::FORBIDDEN, Some("invalid_grant")), "{wrong}");
    let otp = Some(json!({ "otp": bank.tenant.totp(app["secret"].as_str().unwrap()).unwrap() }));
    let (status, verified) = call(&mut browser, Method::POST, "/auth/mfa/verify", otp, token).await;
    assert_eq!((status, verified), (StatusCode::OK, json!({ "success": true })));

    let (status, granted) = call(&mut browser, Method::GET, TOKEN, None, None).await;
    assert_eq!(status, StatusCode::OK, "{granted}");
    assert!(granted["scope"].as_str().unwrap().contains("transfer:funds"), "{granted}");
}
