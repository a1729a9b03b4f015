//! The SDK's routes on loopback, for `interop/node/same-requests.mjs`, which compares what they send to the tenant with
//! what the official packages send. Configured by the environment: the SDK's own variables, and `PUSHED=1` for pushed
//! authorization requests. Every access token is renewed at every call.

use std::{env, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::IntoResponse as _,
};
use http::StatusCode;
use stepup::{Client, MAX_REQUEST_BYTES};
use tokio::net::TcpListener;
use url::Url;

/// Longer than any access token lives.
const ALWAYS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pushed = env::var("PUSHED").is_ok_and(|value| value == "1");
    let client = Client::builder().environment();
    let client = client.token_refresh_buffer(ALWAYS).pushed_authorization_requests(pushed).build()?;
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
