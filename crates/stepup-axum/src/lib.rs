//! The SDK on axum: log in, protected pages, access tokens, the second factor.
//!
//! [`SessionLayer`] does the plumbing: it answers the SDK's routes (`/auth/login`, `/auth/mfa/verify`, …), opens the
//! session once a request, and writes it once at the end if it changed. Handlers take what they need:
//!
//! | extractor | for | without a session |
//! | --- | --- | --- |
//! | [`Session`] | reading and changing the session, access tokens, verify | page: redirect to the login; API: 401 |
//! | [`User`] | who is logged in | the same |
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
//! The layer must be the application's outermost that looks at paths: it answers the SDK's routes before the router
//! sees them. An application that would rather mount the routes itself has [`router`].

mod client;
mod error;
mod layer;
mod rejection;
mod routes;
mod session;
mod user;

pub use self::{
    client::Client,
    error::ErrorResponse,
    layer::{SessionLayer, SessionService},
    rejection::SessionRejection,
    routes::{SdkRoutes, router},
    session::{OptionalSession, Session},
    user::User,
};

/// Keeps the README's example compiling.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
