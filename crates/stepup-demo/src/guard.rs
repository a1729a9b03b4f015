//! What stands before every page: forms from this origin only, and the headers that a bank's pages carry.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::pages::notice;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Refuses what another site's page sends in the customer's name.
pub(crate) async fn same_origin(request: Request, next: Next) -> Response {
    let changes_something = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes_something && !is_same_origin(request.headers()) {
        return (StatusCode::FORBIDDEN, notice::foreign_form()).into_response();
    }
    next.run(request).await
}

/// Adds the headers of a page: nothing from elsewhere, in no frame, in no cache.
pub(crate) async fn page_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // A page of the SDK's comes with the policy that it was made for.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    response
}

/// Browsers say where a request comes from in `Sec-Fetch-Site`, and in `Origin` on every POST. Without either it is no
/// page of ours that asks.
fn is_same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(ORIGIN).and_then(|origin| origin.split_once("://")), text(HOST)) {
        (Some((_, authority)), Some(host)) => authority.eq_ignore_ascii_case(host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_comes_from_this_origin() {
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            pairs
                .iter()
                .map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)))
                .collect()
        };
        for (pairs, expected) in [
            (&[("sec-fetch-site", "same-origin"), ("host", "bank.example")][..], true),
            (&[("sec-fetch-site", "same-site")], false),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "http://bank.example"),
                    ("host", "bank.example"),
                ],
                false,
            ),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "http://localhost:3000"), ("host", "localhost:3000")], true),
            (&[("origin", "http://localhost:3001"), ("host", "localhost:3000")], false),
            (&[("origin", "null"), ("host", "localhost:3000")], false),
            (&[("host", "localhost:3000")], false),
            (&[], false),
        ] {
            assert_eq!(is_same_origin(&headers(pairs)), expected, "{pairs:?}");
        }
    }
}
