//! The SDK's routes as a service of their own.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use axum_core::{body::Body, extract::Request, response::Response};
use futures_util::future::BoxFuture;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use stepup::{Client, MAX_REQUEST_BYTES, Route, answer};
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
                Some(route) => handle(&client, route, request).await,
                None => refuse(StatusCode::NOT_FOUND, "not_found", "There is no such route."),
            })
        })
    }
}

/// Reads the body, up to the SDK's limit, and lets the SDK answer.
pub(crate) async fn handle(client: &Client, route: Route, request: Request) -> Response {
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
    answer::private(answer::error(status, code, description)).map(Body::from)
}
