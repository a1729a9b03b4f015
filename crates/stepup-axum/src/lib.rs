//! The SDK on axum: log in, protected pages, access tokens, the second factor.
//!
//! [`SessionLayer`] does the plumbing: it answers the SDK's routes (`/auth/login`, `/auth/mfa/verify`, …), opens the
//! session once a request, and writes it once at the end if it changed. Handlers take what they need:
//!
//! | extractor | for | without a session |
//! | --- | --- | --- |
//! | [`Session`] | reading and changing the session, access tokens, verify | page: redirect to the login; API: 401 |
//! | [`User`] | who is logged in | the same |
//! | [`SteppedUp`] | the session with a proof of a second factor that satisfied a guard ([`StepUp`], [`Requirement`]) | the same |
//! | [`OptionalSession`] | pages for both | is empty |
//! | [`Client`] | everything else of the SDK | – |
//!
//! ```no_run
//! use axum::{Form, Router, response::Redirect, routing::{get, post}};
//! use stepup::{AccessTokenError, AccessTokenRequest, mfa::{MfaToken, Verify}};
//! use stepup_axum::{ErrorResponse, Session, SessionLayer, User};
//!
//! async fn account(user: User) -> String {
//!     format!("Good day, {}", user.name().unwrap_or(user.subject()))
//! }
//!
//! async fn transfer(mut session: Session) -> Result<String, ErrorResponse> {
//!     let api = AccessTokenRequest::new().audience("https://api.bank.example").scope("transfer:funds");
//!     match session.access_token(&api).await {
//!         Ok(token) => Ok(format!("calling the API with {} characters of token", token.token().len())),
//!         Err(AccessTokenError::MfaRequired(due)) => match due.mfa_token {
//!             Some(token) => Ok(format!("<form method=post action=/verify><input type=hidden name=token value={}>…", token.as_str())),
//!             None => Ok("log in again".to_owned()),
//!         },
//!         Err(other) => Err(other.into()),
//!     }
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Answer { token: MfaToken, code: String }
//!
//! async fn verify(mut session: Session, Form(answer): Form<Answer>) -> Result<Redirect, ErrorResponse> {
//!     session.verify(&answer.token, Verify::otp(answer.code)).await?;
//!     Ok(Redirect::to("/transfer"))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = stepup::Client::from_env()?;
//! let app: Router = Router::new()
//!     .route("/", get(account))
//!     .route("/transfer", get(transfer))
//!     .route("/verify", post(verify))
//!     .layer(SessionLayer::new(client));
//! # Ok(()) }
//! ```
//!
//! # Step-up in one line
//!
//! A route that needs a second factor says so with a layer, or with a requirement as the extractor's type. Browsers go to
//! the pages for it and come back with their form, scripts are told what to do; see [`StepUp`].
//!
//! ```no_run
//! use std::time::Duration;
//! use axum::{Form, Router, routing::{get, post}};
//! use stepup_axum::{Requirement, SessionLayer, StepUp, SteppedUp};
//!
//! #[derive(serde::Deserialize)]
//! struct Order { to: String, amount: u64 }
//!
//! async fn transfer(stepped_up: SteppedUp, Form(order): Form<Order>) -> String {
//!     // stepped_up.access_token is for the bank's API, with transfer:funds.
//!     format!("{} sends {} to {}", stepped_up.session.subject(), order.amount, order.to)
//! }
//!
//! struct Fresh;
//!
//! impl Requirement for Fresh {
//!     fn step_up() -> StepUp {
//!         StepUp::new().within(Duration::from_secs(60))
//!     }
//! }
//!
//! async fn secrets(stepped_up: SteppedUp<Fresh>) -> String {
//!     format!("proved at {:?}", stepped_up.proof.at)
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app: Router = Router::new()
//!     .route("/transfer", post(transfer))
//!     .route_layer(
//!         StepUp::new().audience("https://api.bank.example").scope("transfer:funds").within(Duration::from_secs(300)),
//!     )
//!     .route("/secrets", get(secrets))
//!     .layer(SessionLayer::new(stepup::Client::from_env()?));
//! # Ok(()) }
//! ```
//!
//! # Where the layer goes
//!
//! The layer must be the application's outermost that looks at paths: it answers the SDK's routes before the router
//! sees them. An application that would rather mount the routes itself has [`router`].

mod client;
mod error;
mod layer;
mod rejection;
mod routes;
mod session;
mod step_up;
mod user;

pub use self::{
    client::Client,
    error::ErrorResponse,
    layer::{SessionLayer, SessionService},
    rejection::SessionRejection,
    routes::{SdkRoutes, router},
    session::{OptionalSession, Session},
    step_up::{Layered, Requirement, StepUp, StepUpRejection, StepUpService, SteppedUp},
    user::User,
};

/// Keeps the examples compiling.
#[cfg(doctest)]
#[doc = include_str!("../../../EXAMPLES.md")]
struct Examples;

/// Keeps the README's example compiling.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
