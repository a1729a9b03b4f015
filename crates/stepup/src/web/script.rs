//! The browser module, and its types beside it.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};

use super::answer;

const SCRIPT: &str = include_str!("../../../../browser/stepup.js");
const TYPES: &str = include_str!("../../../../browser/stepup.d.ts");

/// The module.
pub(super) fn answer(request: &Request<Bytes>) -> Response<Bytes> {
    file(request.headers(), SCRIPT, "text/javascript;charset=UTF-8")
}

/// Its types.
pub(super) fn types(request: &Request<Bytes>) -> Response<Bytes> {
    file(request.headers(), TYPES, "application/typescript;charset=UTF-8")
}

/// Whether `path` is where the types of the module at `script` are.
pub(super) fn has_types_at(script: &str, path: &str) -> bool {
    path.strip_suffix(".d.ts").is_some_and(|name| script.strip_suffix(".js") == Some(name))
}

/// A file with an entity tag: browsers ask again and get 304.
fn file(headers: &HeaderMap, content: &'static str, content_type: &'static str) -> Response<Bytes> {
    let hash = stepup_seal::digest::sha256(content.as_bytes());
    let tag = format!("\"{}\"", stepup_seal::base64url::encode(&hash[..12]));
    let mut response = if holds(headers, &tag) {
        answer::empty(StatusCode::NOT_MODIFIED)
    } else {
        let mut response = Response::new(Bytes::from_static(content.as_bytes()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Whether the browser holds what has this tag: the comparison is weak, since a proxy that compresses makes the tag so
/// (RFC 9110 section 13.1.2).
fn holds(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|list| list.to_str().ok());
    let mut held = lists.flat_map(|list| list.split(',')).map(str::trim);
    held.any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == tag)
}
