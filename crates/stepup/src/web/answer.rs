//! Answers as the SDK's own routes give them. For adapters to web frameworks.
//!
//! ```
//! use http::StatusCode;
//! use stepup::answer;
//!
//! let refusal = answer::private(answer::error(StatusCode::UNAUTHORIZED, "not_authenticated", "The user is not logged in."));
//! assert_eq!(refusal.headers()["cache-control"], "private, no-cache, no-store, must-revalidate, max-age=0");
//! ```

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

/// An empty answer.
pub(crate) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// A JSON answer.
#[must_use]
pub fn json(status: StatusCode, body: &Value) -> Response<Bytes> {
    typed(status, "application/json", body.to_string())
}

/// The flat error body of OAuth and of the MFA routes.
#[must_use]
pub fn error(status: StatusCode, code: &str, description: &str) -> Response<Bytes> {
    json(status, &json!({ "error": code, "error_description": description }))
}

/// `other` instead of `response`. What that does to cookies stays.
pub(super) fn instead_of<B>(response: &Response<B>, other: Response<Bytes>) -> Response<Bytes> {
    with_cookies(other, response.headers().get_all(header::SET_COOKIE).iter().cloned())
}

/// `response`, and what it does to the browser's cookies.
pub(crate) fn with_cookies<B>(
    mut response: Response<B>,
    cookies: impl IntoIterator<Item = HeaderValue>,
) -> Response<B> {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A plain-text answer.
pub(crate) fn text(status: StatusCode, body: impl Into<String>) -> Response<Bytes> {
    typed(status, "text/plain;charset=UTF-8", body.into())
}

/// 307: the method stays, as in Auth0's own SDKs.
pub(crate) fn redirect(to: &Url) -> Response<Bytes> {
    let mut response = empty(StatusCode::TEMPORARY_REDIRECT);
    if let Ok(location) = HeaderValue::from_str(to.as_str()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// 303: a page to look at, whatever the method was.
pub(crate) fn see_other(path: &str) -> Response<Bytes> {
    let mut response = empty(StatusCode::SEE_OTHER);
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Says how long to wait before another attempt, where that is known.
#[must_use]
pub fn wait<B>(wait: Option<Duration>, mut response: Response<B>) -> Response<B> {
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
    }
    response
}

/// Adds what keeps the answer out of every cache, and browsers from taking it for another kind of content.
#[must_use]
pub fn private<B>(response: Response<B>) -> Response<B> {
    let mut response = uncached(response);
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Adds what keeps the answer out of every cache, and leaves the rest as it is: it may be the application's own.
pub(super) fn uncached<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache, no-store, must-revalidate, max-age=0"),
    );
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::EXPIRES, HeaderValue::from_static("0"));
    response
}

fn typed(status: StatusCode, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
