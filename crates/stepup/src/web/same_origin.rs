//! Only pages of the application itself may change something: no other site can post in a visitor's name.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use stepup_protocol::error::code;

use super::{answer, base_url};
use crate::client::Client;

/// What changes something needs JSON (which a foreign form cannot send), the application's own `Origin` if there is
/// one, and no `Sec-Fetch-Site` of another site.
pub(super) fn refusal(client: &Client, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let description = problem(client, request)?;
    Some(answer::error(StatusCode::FORBIDDEN, code::INVALID_REQUEST, description))
}

fn problem(client: &Client, request: &Request<Bytes>) -> Option<&'static str> {
    let headers = request.headers();
    if let Some(origin) = text(headers, "origin")
        && !base_url::of(client, headers).is_ok_and(|base| base.origin().ascii_serialization() == origin)
    {
        return Some("The request comes from another origin.");
    }
    if text(headers, "sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Some("The request comes from another site.");
    }
    let has_body = request.method() != http::Method::DELETE || !request.body().is_empty();
    if has_body && !text(headers, header::CONTENT_TYPE.as_str()).is_some_and(is_json) {
        return Some("The content type must be application/json.");
    }
    None
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap_or(""))
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or("").trim();
    essence.eq_ignore_ascii_case("application/json")
}
