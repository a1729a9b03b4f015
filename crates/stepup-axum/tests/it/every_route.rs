//! Every route of the SDK is accounted for: without credentials, and with wrong ones.

use http::{Method, StatusCode};
use stepup::Routes;
use stepup_axum::SessionLayer;

use crate::application::{Application, mfa_token, session_cookie};

/// A route: its method, what it answers to a stranger, and to somebody with a session and nonsense for the rest.
struct Endpoint {
    method: Method,
    path: String,
    stranger: u16,
    nonsense: u16,
}

/// All of them. A route that is added to [`Routes`] does not compile here until it is accounted for.
fn endpoints() -> Vec<Endpoint> {
    let Routes {
        login,
        callback,
        logout,
        profile,
        access_token,
        mfa_authenticators,
        mfa_challenge,
        mfa_associate,
        mfa_verify,
        mfa_push,
        mfa_pages,
        script,
    } = Routes::default();
    let get = |path: String, stranger, nonsense| Endpoint { method: Method::GET, path, stranger, nonsense };
    let post = |path: String, stranger, nonsense| Endpoint { method: Method::POST, path, stranger, nonsense };
    let delete =
        |path: String, stranger, nonsense| Endpoint { method: Method::DELETE, path, stranger, nonsense };
    vec![
        // The tenant, which these two need, is out of reach.
        get(login, 500, 500),
        get(logout, 500, 500),
        get(callback, 400, 400),
        get(profile, 401, 200),
        get(access_token, 401, 200),
        get(mfa_authenticators.clone(), 400, 401),
        delete(mfa_authenticators.clone(), 400, 400),
        delete(format!("{mfa_authenticators}/totp%7Cdev_1"), 400, 401),
        post(mfa_challenge, 400, 401),
        post(mfa_associate, 400, 401),
        post(mfa_verify, 400, 401),
        post(mfa_push, 400, 401),
        get(mfa_pages.clone(), 410, 410),
        post(mfa_pages.clone(), 403, 403),
        get(format!("{mfa_pages}/d/ID"), 410, 410),
        post(format!("{mfa_pages}/d/ID"), 403, 403),
        get(format!("{mfa_pages}/d/ID/resume"), 410, 410),
        // Off to the log-in, and to the tenant for a token.
        get(format!("{mfa_pages}/manage"), 303, 502),
        post(format!("{mfa_pages}/manage"), 403, 403),
        get(format!("{mfa_pages}/resume"), 410, 410),
        get(format!("{mfa_pages}/assets/x.css"), 200, 200),
        get(script.replace(".js", ".d.ts"), 200, 200),
        get(script, 200, 200),
    ]
}

#[tokio::test]
async fn every_route_answers_strangers_and_nonsense() {
    let application = Application::start(|client| axum::Router::new().layer(SessionLayer::new(client))).await;
    let nonsense = r#"{"mfa_token":"x","challenge_type":"otp","authenticator_types":["otp"],"otp":"123456","oob_code":"x"}"#;
    for Endpoint { method, path, stranger, nonsense: expected } in endpoints() {
        let request =
            || application.request(method.clone(), &path).header("content-type", "application/json");

        let answer = request().body("{}").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), stranger, "{method} {path} for a stranger");

        let answer = request()
            .header("cookie", session_cookie())
            .bearer_auth("nonsense")
            .body(nonsense)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{method} {path} with nonsense");
    }
}

#[tokio::test]
async fn a_wrong_method_is_the_applications_own() {
    let application = Application::start(|client| {
        axum::Router::new().fallback(|| async { StatusCode::IM_A_TEAPOT }).layer(SessionLayer::new(client))
    })
    .await;
    for Endpoint { path, .. } in endpoints() {
        let answer = application.request(Method::PUT, &path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::IM_A_TEAPOT, "PUT {path}");
    }
}

#[tokio::test]
async fn routes_can_be_mounted_by_hand() {
    let application = Application::start(|client| {
        axum::Router::new().route_service("/auth/{*path}", stepup_axum::router(&client))
    })
    .await;
    let script = application.get("/auth/stepup.js").send().await.unwrap();
    assert_eq!(script.status(), StatusCode::OK);
    assert!(script.headers()["content-type"].to_str().unwrap().contains("javascript"));
    let unknown = application.get("/auth/nothing").send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert_eq!(unknown.json::<serde_json::Value>().await.unwrap()["error"], "not_found");
}

#[tokio::test]
async fn events_go_out_as_they_happen() {
    let application = Application::start(|client| axum::Router::new().layer(SessionLayer::new(client))).await;
    let mut answer = application
        .post("/auth/mfa/push")
        .header("accept", "text/event-stream")
        .header("content-type", "application/json")
        .header("cookie", session_cookie())
        .body(serde_json::json!({ "mfa_token": mfa_token("auth0|ada"), "oob_code": "oob-1" }).to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.content_length(), None);
    // The tenant is out of reach: the stream goes on, and this is all of it so far.
    let first = answer.chunk().await.unwrap().unwrap();
    assert_eq!(first, "event: pending\ndata: {\"interval\":10}\n\n");
}
