//! The SDK's routes on loopback, for `interop/node/same-requests.mjs`, which compares what they send to the tenant with
//! what the official packages send. Configured by the environment: the SDK's own variables, `PUSHED=1` for pushed
//! authorization requests, and `LOGOUT=v2` for Auth0's own logout. Every access token is renewed at every call.

use std::{env, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::IntoResponse as _,
};
use http::StatusCode;
use stepup::{Client, LogoutStrategy, MAX_REQUEST_BYTES};
use tokio::net::TcpListener;
use url::Url;

/// Longer than any access token lives.
const ALWAYS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    let client = Client::builder().environment().token_refresh_buffer(ALWAYS);
    let client = client.pushed_authorization_requests(is("PUSHED", "1"));
    let logout = if is("LOGOUT", "v2") { LogoutStrategy::V2 } else { LogoutStrategy::Auto };
    let client = client.logout_strategy(logout).build()?;
    let at = Url::parse(&env::var("APP_BASE_URL")?)?;
    let listener = TcpListener::bind(&*at.socket_addrs(|| None)?).await?;
    say_that_it_listens();
    axum::serve(listener, Router::new().fallback(move |request| answer(client.clone(), request))).await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the program that started this waits for the line")]
fn say_that_it_listens() {
    println!("listening");
}

async fn answer(client: Client, request: Request) -> axum::response::Response {
    let Some(route) = client.route(request.method(), request.uri().path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (head, body) = request.into_parts();
    match to_bytes(body, MAX_REQUEST_BYTES).await {
        Ok(body) => client.handle(route, Request::from_parts(head, body)).await.map(Body::new),
        Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    }
}
