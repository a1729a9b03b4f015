//! The SDK's routes as a service of their own.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use axum_core::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use stepup::{Client, MAX_REQUEST_BYTES, Route};
use tower_service::Service;

/// The SDK's routes as a service, for applications that mount them by hand:
///
/// ```
/// # fn mount(client: &stepup::Client) -> axum::Router {
/// axum::Router::new().route_service("/auth/{*path}", stepup_axum::router(client))
/// # }
/// ```
///
/// It may also be the fallback of a router, or be mounted with `nest_service` where `Routes` and the base path name
/// what is left of the path. What is none of its routes is a 404. [`SessionLayer`](crate::SessionLayer) answers the
/// routes too: with the layer around the application, this is not needed.
#[must_use]
pub fn router(client: &Client) -> SdkRoutes {
    SdkRoutes { client: client.clone() }
}

/// See [`router`].
#[derive(Clone, Debug)]
pub struct SdkRoutes {
    client: Client,
}

impl Service<Request> for SdkRoutes {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let client = self.client.clone();
        Box::pin(async move {
            Ok(match client.route(request.method(), request.uri().path()) {
                Some(route) => answer(&client, route, request).await,
                None => refuse(StatusCode::NOT_FOUND, "not_found", "There is no such route."),
            })
        })
    }
}

/// Reads the body, up to the SDK's limit, and lets the SDK answer.
pub(crate) async fn answer(client: &Client, route: Route, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match Limited::new(body, MAX_REQUEST_BYTES).collect().await {
        Ok(body) => {
            let request = Request::from_parts(parts, body.to_bytes());
            client.handle(route, request).await.map(Body::new)
        }
        Err(error) if error.is::<LengthLimitError>() => {
            refuse(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "The body is too large.")
        }
        Err(_) => refuse(StatusCode::BAD_REQUEST, "invalid_request", "The body could not be read."),
    }
}

/// A flat JSON error, as the SDK's own routes answer it.
pub(crate) fn refuse(status: StatusCode, code: &str, description: &str) -> Response {
    let body = serde_json::json!({ "error": code, "error_description": description });
    json(status, &body)
}

/// JSON that no cache keeps.
pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    keep_out_of_caches(headers);
    response
}

pub(crate) fn keep_out_of_caches(headers: &mut http::HeaderMap) {
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache, no-store, must-revalidate, max-age=0"),
    );
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::EXPIRES, HeaderValue::from_static("0"));
}
