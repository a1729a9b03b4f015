//! The second factor: when it is due ([`requirement`]), and the MFA API that gives it.

mod associate;
mod authenticators;
pub(crate) mod bearer;
mod challenge;
pub(crate) mod iron;
pub(crate) mod pending;
pub mod requirement;

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use http::{HeaderValue, header};
use serde::Serialize;

use crate::{oauth::never_stored, state::Shared};

/// The endpoints of this room.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/mfa/associate", post(associate::handle))
        .route("/mfa/authenticators", get(authenticators::list))
        .route("/mfa/authenticators/{id}", delete(authenticators::remove))
        .route("/mfa/challenge", post(challenge::handle))
}

/// A success answer of the MFA API: always 200, never stored.
fn answer(body: &impl Serialize) -> Response {
    let mut response = serde_json::to_vec(body).unwrap_or_default().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    never_stored(headers);
    response
}
