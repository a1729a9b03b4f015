//! What could not be answered, as a page for whoever sits at a browser. What is no browser is told as everywhere else.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use http_body_util::BodyExt;
use serde::Deserialize;

use super::{BEGIN_AGAIN, WAY_OUT, frame::Section, has};
use crate::{
    pages,
    pipeline::header_text,
    state::{Shared, State as Tenant},
};

/// Lets a request be answered. What its form or its address has wrong, or what failed here, a browser is told in a page.
pub(super) async fn tell(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let reads = reads_pages(request.headers());
    let answer = next.run(request).await;
    let is_page = header_text(answer.headers(), header::CONTENT_TYPE).is_some_and(is_html);
    if !reads || is_page || !(answer.status().is_client_error() || answer.status().is_server_error()) {
        return answer;
    }
    let status = answer.status();
    let reason = reason(answer).await;
    let message = match status {
        StatusCode::NOT_FOUND => "There is nothing here.",
        StatusCode::METHOD_NOT_ALLOWED => "A form is sent to this address; there is nothing to see.",
        status if status.is_client_error() => "What was sent makes no sense here.",
        _ => "The tenant could not do it.",
    };
    page(&shared, status, message, &reason)
}

/// What a browser finds where the tenant has nothing: the dashboard at the address that `stepup tenant` prints, and a page
/// below `/dashboard`.
pub(crate) fn nothing_there(
    shared: &Tenant,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Option<Response> {
    if !reads_pages(headers) {
        return None;
    }
    let path = uri.path();
    if path == "/" && method == Method::GET && is_open(shared) {
        return Some(Redirect::to(Section::Overview.path()).into_response());
    }
    has(path).then(|| page(shared, StatusCode::NOT_FOUND, &format!("There is nothing at {path}."), ""))
}

/// Whether anybody may open the dashboard: whoever sits at a loopback tenant, or the administrators that are named.
pub(crate) fn is_open(tenant: &Tenant) -> bool {
    tenant.issuer.loopback() || !tenant.configuration.config().dashboard_admins.is_empty()
}

/// Whether who asks wants a page, as browsers do that are led somewhere.
fn reads_pages(headers: &HeaderMap) -> bool {
    header_text(headers, header::ACCEPT).is_some_and(|accepted| accepted.split(',').any(is_html))
}

fn is_html(media_type: &str) -> bool {
    media_type.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("text/html"))
}

/// What an answer says of itself, as text or as an error in JSON.
async fn reason(answer: Response) -> String {
    #[derive(Deserialize)]
    struct Told {
        error_description: String,
    }
    let body =
        answer.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    match serde_json::from_slice::<Told>(&body) {
        Ok(told) => told.error_description,
        Err(_) => String::from_utf8_lossy(&body).into_owned(),
    }
}

fn page(shared: &Tenant, status: StatusCode, message: &str, reason: &str) -> Response {
    let details = [("reason", reason)];
    let view = pages::error::View {
        tenant: &shared.config.friendly_name,
        message,
        advice: BEGIN_AGAIN,
        details: if reason.is_empty() { &[] } else { &details },
        way_out: Some(WAY_OUT),
    };
    (status, pages::headers::page([]), pages::error::render(&view)).into_response()
}
