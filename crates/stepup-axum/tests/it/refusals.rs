//! Requests that the routes refuse whoever sends them: of other sites, of other types, too large, of somebody else.

use axum::{Router, routing::get};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use stepup::{MAX_REQUEST_BYTES, mfa::Enroll};
use stepup_axum::{ErrorResponse, SessionLayer};

use crate::application::{Application, mfa_token, session_cookie};

async fn application() -> Application {
    Application::start(|client| Router::new().layer(SessionLayer::new(client))).await
}

const POSTS: [&str; 3] = ["/auth/mfa/challenge", "/auth/mfa/associate", "/auth/mfa/verify"];

#[tokio::test]
async fn other_sites_cannot_post_in_a_visitors_name() {
    let application = application().await;
    let json = "application/json";
    for path in POSTS {
        for (origin, site, content_type) in [
            (Some("https://evil.example"), None, json),
            (Some("null"), None, json),
            (None, Some("cross-site"), json),
            (None, Some("same-site"), json),
            (None, None, "text/plain"),
            (None, None, "application/x-www-form-urlencoded"),
        ] {
            let mut request = application.post(path).header(header::CONTENT_TYPE, content_type).body("{}");
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin);
            }
            if let Some(site) = site {
                request = request.header("sec-fetch-site", site);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} {origin:?} {site:?} {content_type}");
            assert_eq!(answer.json::<Value>().await.unwrap()["error"], "invalid_request");
        }
        let own = application
            .post(path)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header(header::ORIGIN, &application.url)
            .header("sec-fetch-site", "same-origin")
            .body("{}");
        assert_eq!(own.send().await.unwrap().status(), StatusCode::BAD_REQUEST, "{path}");
    }
    let deleted = application
        .request(Method::DELETE, "/auth/mfa/authenticators/totp%7C1")
        .header(header::ORIGIN, "https://evil.example");
    assert_eq!(deleted.send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let application = application().await;
    let filled = |bytes: usize| {
        let empty = json!({ "otp": "" }).to_string().len();
        json!({ "otp": "1".repeat(bytes - empty) }).to_string()
    };
    for (bytes, status, error) in [
        (MAX_REQUEST_BYTES, StatusCode::UNAUTHORIZED, "mfa_token_invalid"),
        (MAX_REQUEST_BYTES + 1, StatusCode::PAYLOAD_TOO_LARGE, "invalid_request"),
    ] {
        let answer = application
            .post("/auth/mfa/verify")
            .header(header::CONTENT_TYPE, "application/json")
            .bearer_auth("nonsense")
            .body(filled(bytes))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{bytes}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"], error, "{bytes}");
    }
}

#[tokio::test]
async fn what_the_adapter_answers_is_guarded_as_what_the_routes_answer() {
    async fn token(mut session: stepup_axum::Session) -> Result<String, ErrorResponse> {
        let wanted = stepup::AccessTokenRequest::new().audience("https://other.example.com");
        Ok(session.access_token(&wanted).await?.token().to_owned())
    }
    let routes = Router::new().route("/token", get(token));
    let application = Application::start(|client| routes.layer(SessionLayer::new(client))).await;
    for (path, cookie, status) in [
        ("/auth/profile", "", StatusCode::UNAUTHORIZED),
        ("/token", "", StatusCode::UNAUTHORIZED),
        ("/token", &*session_cookie(), StatusCode::UNAUTHORIZED),
    ] {
        let answer = application.get(path).header(header::COOKIE, cookie).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert!(answer.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"), "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_carried_out_is_an_answer_of_a_handler() {
    let enroll = async || -> Result<(), ErrorResponse> {
        Enroll::by_name("fax", None, None)?;
        Ok(())
    };
    let application = Application::start(|_| Router::new().route("/enroll", get(enroll))).await;
    let answer = application.get("/enroll").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let body = json!({ "error": "invalid_request", "error_description": "Unknown factorType: fax" });
    assert_eq!(answer.json::<Value>().await.unwrap(), body);
}

#[tokio::test]
async fn a_token_of_another_user_belongs_to_no_step_up_of_this_session() {
    let application = application().await;
    let verify = |token: String| {
        application
            .post("/auth/mfa/verify")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, session_cookie())
            .bearer_auth(token)
            .body(r#"{"otp":"123456"}"#)
            .send()
    };
    let foreign = verify(mfa_token("auth0|bob")).await.unwrap();
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
    assert_eq!(foreign.json::<Value>().await.unwrap()["error"], "mfa_token_not_found");

    let listed = application
        .get("/auth/mfa/authenticators")
        .header(header::COOKIE, session_cookie())
        .bearer_auth(mfa_token("auth0|bob"));
    assert_eq!(listed.send().await.unwrap().status(), StatusCode::NOT_FOUND);

    // Its own goes on to the tenant, which is out of reach; the session stays as it was.
    let own = verify(mfa_token("auth0|ada")).await.unwrap();
    assert_eq!(own.status(), StatusCode::BAD_GATEWAY);
    assert!(own.headers().get(header::SET_COOKIE).is_none());
    assert_eq!(own.json::<Value>().await.unwrap()["error"], "discovery_error");
}

#[tokio::test]
async fn a_session_that_a_handler_makes_too_large_is_not_written() {
    async fn fill(
        mut session: stepup_axum::Session,
    ) -> ([(header::HeaderName, &'static str); 1], &'static str) {
        session.set_data("all", json!("a".repeat(9000)));
        ([(header::SET_COOKIE, "theme=dark")], "kept")
    }
    let routes = Router::new().route("/fill", get(fill));
    let application = Application::start(|client| routes.layer(SessionLayer::new(client))).await;
    let cookie = session_cookie();
    let answer = application.get("/fill").header(header::COOKIE, cookie).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let set: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(set, ["theme=dark"], "the browser keeps the session it has, and gets what the handler sets");
    assert_eq!(answer.json::<Value>().await.unwrap()["error"], "session_too_large");

    for (language, heading) in [
        ("en", "This site has too much to keep for you"),
        ("de", "Diese Website müsste zu viel für Sie aufheben"),
        ("ja", "保存する情報が多すぎます"),
    ] {
        let page = application
            .get("/fill")
            .header(header::COOKIE, session_cookie())
            .header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")
            .header(header::ACCEPT_LANGUAGE, language);
        let page = page.send().await.unwrap();
        assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(page.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"));
        let html = page.text().await.unwrap();
        assert!(html.contains(&format!("<h1>{heading}</h1>")), "{html}");
    }
}
