//! Which room answers which path.

use axum::{
    Router,
    extract::State,
    middleware,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode, Uri, header};

use crate::{dashboard, dbconnections, guardian, log, login, management, mfa, oauth, state::Shared};

/// Every public endpoint of the tenant.
pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .merge(dashboard::routes(&shared))
        .merge(guardian::routes())
        .merge(dbconnections::routes())
        .merge(oauth::routes())
        .merge(login::routes())
        .merge(mfa::routes())
        .merge(management::routes(&shared))
        .fallback(nothing_there)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), oauth::rate::pass))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), log::trace))
        .with_state(shared)
}

async fn nothing_there(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if let Some(page) = dashboard::nothing_there(&shared, &method, &uri, &headers) {
        return page;
    }
    let mut description = format!("There is nothing at {}.", uri.path());
    if uri.path() == "/" {
        let discovery = shared.issuer.endpoint(".well-known/openid-configuration");
        description = format!("{description} The tenant's addresses are in {discovery}");
    }
    let body = serde_json::json!({ "error": "not_found", "error_description": description }).to_string();
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
}
