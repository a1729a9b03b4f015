//! OpenID Connect and OAuth 2.0: one module an endpoint, one a grant.

pub(crate) mod access;
mod answer;
pub(crate) mod audit;
pub(crate) mod authorize;
pub(crate) mod claims;
pub(crate) mod client_auth;
pub(crate) mod discovery;
pub(crate) mod dpop;
pub(crate) mod error;
pub(crate) mod issue;
pub(crate) mod logout;
mod par;
pub(crate) mod params;
pub(crate) mod pkce;
pub(crate) mod rate;
mod revoke;
pub(crate) mod token;
mod userinfo;

use axum::{
    Router,
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, header};

use crate::state::Shared;

/// The endpoints of this room.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/.well-known/jwks.json", get(discovery::keys))
        .route("/.well-known/oauth-authorization-server", get(discovery::configuration))
        .route("/.well-known/openid-configuration", get(discovery::configuration))
        .route("/authorize", get(authorize::by_query).post(authorize::by_form))
        .route("/oauth/par", post(par::handle))
        .route("/oauth/revoke", post(revoke::handle))
        .route("/oauth/token", post(token::handle))
        .route("/oidc/logout", get(logout::oidc_by_query).post(logout::oidc_by_form))
        .route("/userinfo", get(userinfo::handle).post(userinfo::handle))
        .route("/v2/logout", get(logout::v2))
}

/// Keeps an answer that holds tokens out of every cache (RFC 6749 section 5.1).
pub(crate) fn never_stored(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}
