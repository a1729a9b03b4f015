//! The ready-made pages in front of a small application, with a tenant of its own:
//!
//! ```console
//! $ cargo run -p stepup-axum --example pages
//! ```
//!
//! Open the address that it prints and log in as `ada@example.com` with `correct horse battery staple`. A transfer needs a
//! second factor: the pages ask for it, and the form goes on by itself. Codes by message are printed here.
//!
//! `PORT` is where the application listens, and `STEPUP_READY_FILE` a file that the tenant writes when it is there.
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::{error::Error, net::Ipv4Addr, time::Duration};

use axum::{
    Router,
    body::Bytes,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, Uri};
use serde::Deserialize;
use stepup::{AccessTokenError, AccessTokenRequest, Clock, Detour, KeptForm, UnixTime, pages::PageOptions};
use stepup_axum::{Client, OptionalSession, SessionLayer, User};
use stepup_tenant::{Tenant, clock::VirtualClock};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = format!("http://localhost:{}", listener.local_addr()?.port());
    let tenant = Tenant::builder().control(true);
    let tenant = match std::env::var_os("STEPUP_READY_FILE") {
        Some(path) => tenant.ready_file(path).start().await?,
        None => tenant.start().await?,
    };
    let webapp = tenant.client("webapp").ok_or("the built-in tenant has a client of that name")?;
    let client = stepup::Client::builder()
        .domain(tenant.issuer())
        .client_id(webapp.client_id)
        .client_secret(webapp.client_secret.unwrap_or_default())
        .secret("an example is no place for a real secret")
        .app_base_url(&address)
        .clock(TenantTime(tenant.clock().clone()))
        .mfa_pages(PageOptions::new().application_name("Corner shop"))
        .build()?;
    let app = Router::new()
        .route("/", get(home))
        .route("/transfer", post(transfer))
        .layer(SessionLayer::new(client));
    println!("The shop is open: {address}");
    tokio::spawn(print_messages(tenant));
    axum::serve(listener, app).await?;
    Ok(())
}

/// The tenant's clock can be moved, by a test; the application goes by it.
#[derive(Debug)]
struct TenantTime(VirtualClock);

impl Clock for TenantTime {
    fn now(&self) -> UnixTime {
        self.0.now()
    }
}

/// The page that the user is on, and its form.
async fn home(user: User) -> Html<String> {
    let name = user.name().unwrap_or("you").replace('<', "");
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Corner shop</title><h1>Good day, {name}</h1>\
         <form method=post action=/transfer><label>To <input name=to></label> <button>Transfer</button></form>\
         <p><a href=/auth/mfa/manage>Your second steps</a>"
    ))
}

#[derive(Deserialize)]
struct Order {
    to: String,
}

/// The form: where a second factor is due, the pages ask for it and send the form again.
async fn transfer(
    client: Client,
    mut session: OptionalSession,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wanted = AccessTokenRequest::new().audience("https://api.example.com").scope("transfer:funds");
    let Some(held) = session.session_mut() else { return StatusCode::UNAUTHORIZED.into_response() };
    match client.access_token(held, &wanted).await {
        Ok(_token) => done(&body),
        Err(AccessTokenError::MfaRequired(due)) => {
            let form = match KeptForm::of(&uri, &headers, &body) {
                Ok(form) => form,
                Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
            };
            let detour = Detour { return_to: "/".to_owned(), form: Some(form) };
            match client.detour(&session, &headers, &due, detour) {
                Ok(answer) => answer.map(axum::body::Body::from),
                Err(error) => (error.status(), error.to_string()).into_response(),
            }
        }
        Err(error) => (error.status(), error.to_string()).into_response(),
    }
}

fn done(body: &[u8]) -> Response {
    let to = form_urlencoded(body).unwrap_or_default().replace('<', "");
    Html(format!("<!doctype html><html lang=en><meta charset=utf-8><title>Done</title><h1>Sent to {to}</h1>"))
        .into_response()
}

fn form_urlencoded(body: &[u8]) -> Option<String> {
    let uri: Uri = format!("/?{}", std::str::from_utf8(body).ok()?).parse().ok()?;
    axum::extract::Query::<Order>::try_from_uri(&uri).ok().map(|order| order.0.to)
}

/// What the tenant sends goes nowhere else.
async fn print_messages(tenant: Tenant) {
    let mut seen = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let Ok(messages) = tenant.messages().await else { return };
        for message in messages.iter().take(messages.len().saturating_sub(seen)) {
            println!("to {}: {}", message.to, message.body);
        }
        seen = messages.len();
    }
}
