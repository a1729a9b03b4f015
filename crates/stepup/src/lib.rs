//! Log in with Auth0, keep the session, get access tokens, and step up with a second factor.
//!
//! A [`Client`] is built once ([`Client::builder`], [`Client::from_env`]) and cloned freely. It answers the routes of
//! a login ([`Client::route`], [`Client::handle`]) and hands out tokens ([`Client::access_token`]); a framework's
//! adapter, such as `stepup-axum`, does the plumbing between them and HTTP.
//!
//! Time, randomness and HTTP come in through the builder ([`Clock`], [`Random`], [`HttpClient`]) with system defaults.

mod client;
mod clock;
mod config;
mod detour;
pub mod guard;
mod http_client;
mod lately;
mod login;
pub mod mfa;
mod one_line;
pub mod pages;
mod provider;
mod random;
mod session;
pub mod telemetry;
mod tokens;
mod transaction;
mod user_info;
mod web;
mod wire_error;

pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use config::{
    ClientAuthentication, ClientBuilder, ConfigError, ConfigProblem, CookieOptions, DEFAULT_HTTP_TIMEOUT,
    DpopOptions, LogoutStrategy, Routes, SameSite, TransactionCookieOptions,
};
pub use detour::{Detour, DetourError, FormError, KeptForm, MAX_FORM_BYTES};
#[cfg(feature = "reqwest")]
pub use http_client::ReqwestClient;
pub use http_client::{HttpClient, HttpError, MAX_RESPONSE_BYTES};
pub use login::{CallbackError, CallbackOutcome};
pub use provider::{DpopError, IdTokenError, ProviderError};
pub use random::SystemRandom;
pub use session::{FactorProof, Session, SessionPart, SessionState, SessionTooLarge, TokenSet};
pub use stepup_protocol::{error::OAuthError, scope::Scopes, time::UnixTime};
pub use stepup_seal::{
    Format, Random, UnknownFormat,
    jws::{JwsError, SignError},
};
pub use tokens::{AccessToken, AccessTokenError, AccessTokenRequest, RefreshError};
pub use user_info::UserInfoError;
pub use web::{Body, MAX_REQUEST_BYTES, Route, answer};
pub use wire_error::WireError;
