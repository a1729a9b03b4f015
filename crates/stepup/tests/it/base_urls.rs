//! Which of several addresses a request came to.

use bytes::Bytes;
use http::{Request, StatusCode, header, request::Builder};
use url::Url;

use crate::support::{Hands, NOW, SECRET, Script, builder, handle};

fn client() -> stepup::Client {
    let script = Script::new();
    builder(&script, &Hands::at(NOW)).app_base_url("https://b.example.com").secret(SECRET).build().unwrap()
}

/// HTTP/2 has no `Host` (RFC 9113 section 8.3.1), and what the target of HTTP/1.1 says counts more (RFC 9112 section 3.2.2).
#[tokio::test]
async fn the_targets_host_stands_in_for_the_header_and_overrides_it() {
    let client = client();
    for (request, host) in [
        (Request::get("https://b.example.com/auth/login"), "b.example.com"),
        (Request::get("https://b.example.com:443/auth/login"), "b.example.com"),
        (
            Request::get("https://b.example.com/auth/login").header(header::HOST, "app.example.com"),
            "b.example.com",
        ),
        (Request::get("/auth/login").header(header::HOST, "app.example.com"), "app.example.com"),
    ] {
        let answer = handle(&client, request.body(Bytes::new()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT, "{host}");
        let login = Url::parse(answer.headers()[header::LOCATION].to_str().unwrap()).unwrap();
        let redirect_uri = login.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1;
        assert_eq!(redirect_uri, format!("https://{host}/auth/callback"));
    }
}

#[tokio::test]
async fn a_host_that_is_configured_nowhere_is_refused_wherever_it_stands() {
    let client = client();
    let known = header::HeaderValue::from_static("b.example.com");
    for request in [
        Request::get("/auth/login"),
        Request::get("/auth/login").header(header::HOST, "evil.example"),
        Request::get("https://evil.example/auth/login").header(header::HOST, known),
    ] {
        let answer = handle(&client, request.body(Bytes::new()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn an_origin_is_held_against_the_targets_host() {
    let client = client();
    let post = |origin: &str| {
        let request: Builder = Request::post("https://b.example.com/auth/mfa/verify");
        let request = request.header(header::ORIGIN, origin).header(header::CONTENT_TYPE, "application/json");
        request.body(Bytes::from_static(b"{}")).unwrap()
    };
    assert_eq!(handle(&client, post("https://b.example.com")).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(handle(&client, post("https://app.example.com")).await.status(), StatusCode::FORBIDDEN);
}
