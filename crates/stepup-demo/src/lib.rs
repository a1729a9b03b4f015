//! The Bank of Ada: a small bank that shows what `stepup` does for an application.
//!
//! Anybody may look at the front page. `/balance` needs a log-in. `/transfer` needs an access token for
//! `https://api.example.com` with `transfer:funds`, and the tenant hands that out only for a second factor: the first
//! time the customer enrols an authenticator app, later they enter its code, or their recovery code. All of it happens
//! on the bank's own pages, which work with scripts off. The module `step_up` is the room to read first.
//!
//! Whoever has another factor, or would rather use it, confirms the transfer on the SDK's ready-made pages: `/confirm` of
//! an order stands behind the guard of `stepup-axum`, and [`pages`] gives those pages the bank's name and colours. *Security*
//! leads to the customer's own authenticators, which are pages of the SDK too.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = stepup::Client::builder().environment().mfa_pages(stepup_demo::pages()).build()?;
//! let listener = tokio::net::TcpListener::bind("localhost:3000").await?;
//! stepup_demo::serve(listener, client, std::future::pending()).await?;
//! # Ok(()) }
//! ```

mod assets;
mod bank;
mod counter;
mod customer;
mod guard;
mod money;
mod order;
mod pages;
mod qr;
mod step_up;
mod transfer;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use stepup::pages::PageOptions;
use stepup::{Client, Clock as _, SystemClock};
use stepup_axum::SessionLayer;

use self::bank::Bank;

/// The longest form, in bytes.
const LONGEST_FORM: usize = 16 * 1024;

/// What every handler gets.
#[derive(Clone, Debug, Default)]
pub(crate) struct App {
    bank: Arc<Bank>,
}

/// The bank with its own accounts, in memory, and the SDK's routes of `client` under `/auth/`.
pub fn app(client: Client) -> Router {
    Router::new()
        .route("/", get(counter::front))
        .route("/balance", get(counter::balance))
        .route("/developer", get(counter::developer))
        .route("/transfer", get(counter::transfer_form).post(counter::transfer))
        .route("/transfer/{id}", get(transfer::page))
        .route("/transfer/{id}/again", post(transfer::again))
        .route("/transfer/{id}/cancel", post(transfer::cancel))
        .route("/transfer/{id}/code", post(transfer::code))
        .route("/transfer/{id}/confirm", post(transfer::confirm).route_layer(step_up::guard()))
        .route("/transfer/{id}/kept", post(transfer::kept))
        .route("/transfer/{id}/recovery-code", get(transfer::recovery_form).post(transfer::recovery_code))
        .fallback(counter::not_found)
        .with_state(App::default())
        .layer(DefaultBodyLimit::max(LONGEST_FORM))
        .layer(from_fn(guard::same_origin))
        .layer(from_fn(guard::page_headers))
        .merge(assets::router())
        .layer(SessionLayer::new(client))
}

/// The SDK's ready-made pages, as the bank has them: for the client that [`app`] is given.
#[must_use]
pub fn pages() -> PageOptions {
    PageOptions::new().application_name("Bank of Ada").style_sheet(assets::colours())
}

/// Serves [`app`] until `shutdown` is done, and then what is in flight.
///
/// # Errors
///
/// The listener failed.
pub async fn serve(
    listener: tokio::net::TcpListener,
    client: Client,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, app(client)).with_graceful_shutdown(shutdown).await
}

/// The day for statements. A time that no calendar holds cannot come from a clock.
fn today() -> Date {
    jiff::Timestamp::from_second(SystemClock.now().seconds())
        .map(|now| TimeZone::UTC.to_datetime(now).date())
        .unwrap_or_default()
}
