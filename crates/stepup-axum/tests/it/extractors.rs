//! What handlers take, and what happens where it is not there.

use axum::{
    Json, Router,
    body::Body,
    routing::{get, post},
};
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use stepup::AccessTokenRequest;
use stepup_axum::{Client, ErrorResponse, OptionalSession, Session, SessionLayer, User};
use tower_layer::Layer as _;
use tower_service::Service as _;

use crate::application::{self, Application, session_cookie};

async fn application() -> Application {
    Application::start(|client| {
        Router::new()
            .route("/me", get(async |user: User| user.name().unwrap_or_default().to_owned()))
            .route("/greeting", get(greeting))
            .route("/cart", post(put_into_cart).get(cart))
            .route("/both", get(async |_: Session, user: User| user.subject().to_owned()))
            .route("/twice", get(async |_: Session, _: Session| "never"))
            .route("/token", get(token))
            .route("/profile", get(profile))
            .route("/issuer", get(async |client: Client| client.issuer().to_owned()))
            .route("/end", post(async |session: Session| session.end()))
            .layer(SessionLayer::new(client))
    })
    .await
}

async fn greeting(state: OptionalSession) -> String {
    state.session().map_or("stranger", stepup::Session::subject).to_owned()
}

async fn put_into_cart(mut session: Session) {
    session.set_data("cart", json!(["a book"]));
}

async fn cart(session: Session) -> Json<Value> {
    Json(session.data("cart").cloned().unwrap_or_default())
}

async fn token(mut session: Session) -> Result<String, ErrorResponse> {
    let wanted = AccessTokenRequest::new().audience("https://api.example.com");
    Ok(session.access_token(&wanted).await?.token().to_owned())
}

async fn profile(mut session: Session) -> Result<Json<Value>, ErrorResponse> {
    Ok(Json(session.user_info().await?.into()))
}

/// HTTP/2 names the host in the target alone (RFC 9113 section 8.3.1).
#[tokio::test]
async fn the_host_of_the_target_says_which_address_a_page_is_at() {
    let client = application::builder("http://a.example.com").app_base_url("http://b.example.com/shop");
    let pages = Router::new().route("/me", get(async |_: User| "never"));
    let mut service = SessionLayer::new(client.build().unwrap()).layer(pages);
    let request = Request::get("http://b.example.com/me").header(header::ACCEPT, "text/html");
    let page = service.call(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(page.headers()[header::LOCATION], "/auth/login?returnTo=%2Fshop%2Fme");
}

#[tokio::test]
async fn a_page_without_a_session_goes_to_the_login_and_back() {
    let application = application().await;
    let page =
        application.get("/me?tab=2").header(header::ACCEPT, "text/html,*/*;q=0.8").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(page.headers()[header::LOCATION], "/auth/login?returnTo=%2Fme%3Ftab%3D2");

    for (accept, mode) in [("application/json", None), ("*/*", None), ("text/html", Some("cors"))] {
        let mut request = application.get("/me").header(header::ACCEPT, accept);
        if let Some(mode) = mode {
            request = request.header("sec-fetch-mode", mode);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{accept} {mode:?}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"], "not_authenticated");
    }
    let posted = application.post("/cart").header(header::ACCEPT, "text/html").send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn handlers_see_who_is_logged_in() {
    let application = application().await;
    for (path, expected) in [
        ("/me", "Ada"),
        ("/greeting", "auth0|ada"),
        ("/both", "auth0|ada"),
        ("/issuer", "https://tenant.example.com/"),
    ] {
        let answer = application.get(path).header(header::COOKIE, session_cookie()).send().await.unwrap();
        assert!(answer.headers().get(header::SET_COOKIE).is_none(), "{path}: nothing changed");
        assert_eq!(answer.text().await.unwrap(), expected, "{path}");
    }
    assert_eq!(application.get("/greeting").send().await.unwrap().text().await.unwrap(), "stranger");
}

#[tokio::test]
async fn what_a_handler_changes_is_written_once() {
    let application = application().await;
    let changed = application.post("/cart").header(header::COOKIE, session_cookie()).send().await.unwrap();
    let cookies: Vec<_> = changed.headers().get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies.len(), 1);
    assert!(changed.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"));
    let sniffing = changed.headers().get(header::X_CONTENT_TYPE_OPTIONS);
    assert_eq!(sniffing, None, "what browsers take the content for is the application's");

    let cookie = cookies[0].to_str().unwrap().split(';').next().unwrap();
    let read = application.get("/cart").header(header::COOKIE, cookie).send().await.unwrap();
    assert_eq!(read.json::<Value>().await.unwrap(), json!(["a book"]));
}

#[tokio::test]
async fn an_ended_session_takes_its_cookie_along() {
    let application = application().await;
    let ended = application.post("/end").header(header::COOKIE, session_cookie()).send().await.unwrap();
    assert_eq!(ended.status(), StatusCode::OK);
    let cookie = ended.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__session=;") && cookie.contains("Max-Age=0"), "{cookie}");
}

#[tokio::test]
async fn an_error_of_the_sdk_is_an_answer() {
    let application = application().await;
    let answer = application.get("/token").header(header::COOKIE, session_cookie()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "missing_refresh_token");

    let answer = application.get("/profile").header(header::COOKIE, session_cookie()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"], "server_error");
}

#[tokio::test]
async fn a_handler_that_is_not_set_up_right_is_refused_and_nothing_hangs() {
    let application = application().await;
    let twice = application.get("/twice").header(header::COOKIE, session_cookie()).send().await.unwrap();
    assert_eq!(twice.status(), StatusCode::INTERNAL_SERVER_ERROR);

    let bare =
        Application::start(|_| Router::new().route("/me", get(async |user: User| user.subject().to_owned())))
            .await;
    let answer = bare.get("/me").header(header::COOKIE, session_cookie()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"], "server_error");
}
