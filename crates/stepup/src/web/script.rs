//! The browser module.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};

use super::answer;

const SCRIPT: &str = include_str!("../../../../browser/stepup.js");

/// The module, with an entity tag: browsers ask again and get 304.
pub(super) fn answer(request: &Request<Bytes>) -> Response<Bytes> {
    let tag = format!(
        "\"{}\"",
        stepup_seal::base64url::encode(&stepup_seal::digest::sha256(SCRIPT.as_bytes())[..12])
    );
    let known =
        request.headers().get(header::IF_NONE_MATCH).is_some_and(|held| held.as_bytes() == tag.as_bytes());
    let mut response = if known {
        answer::empty(StatusCode::NOT_MODIFIED)
    } else {
        let mut response = Response::new(Bytes::from_static(SCRIPT.as_bytes()));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript;charset=UTF-8"));
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
