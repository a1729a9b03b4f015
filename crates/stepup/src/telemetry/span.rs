//! Spans of what goes over HTTP. Queries and bodies hold codes and tokens: neither is in them.

use http::Request;
use tracing::{Span, field::Empty};

/// A request to one of the SDK's routes.
pub(crate) fn route_span<B>(request: &Request<B>) -> Span {
    tracing::info_span!(
        "stepup.route",
        "http.request.method" = request.method().as_str(),
        "url.path" = request.uri().path(),
        "http.response.status_code" = Empty,
    )
}

/// A request to the tenant.
pub(crate) fn provider_span<B>(endpoint: &'static str, request: &Request<B>) -> Span {
    tracing::info_span!(
        "stepup.provider",
        "otel.kind" = "client",
        "stepup.endpoint" = endpoint,
        "http.request.method" = request.method().as_str(),
        "server.address" = request.uri().host(),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
    )
}
