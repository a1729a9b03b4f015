//! The layer: the SDK's routes, and the session of one request from its cookies to its cookies.

use std::task::{Context, Poll};

use axum_core::{extract::Request, response::Response};
use futures_util::future::BoxFuture;
use http::HeaderMap;
use stepup::Client;
use tower_layer::Layer;
use tower_service::Service;

use crate::{routes, session::Handle};

/// Answers the SDK's routes, opens the session for the handlers within, and writes it at the end if it changed.
///
/// ```no_run
/// # fn wrap(app: axum::Router, client: stepup::Client) -> axum::Router {
/// app.layer(stepup_axum::SessionLayer::new(client))
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SessionLayer {
    client: Client,
}

impl SessionLayer {
    /// A layer for the sessions of `client`.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService { inner, client: self.client.clone() }
    }
}

/// See [`SessionLayer`].
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    inner: S,
    client: Client,
}

impl<S> Service<Request> for SessionService<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let client = self.client.clone();
        Client::name_host(&mut request);
        if let Some(route) = client.route(request.method(), request.uri().path()) {
            return Box::pin(async move { Ok(routes::handle(&client, route, request).await) });
        }
        // The service that was polled ready is the one to call; the clone waits for the next request.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let handle = Handle::open(&client, &request);
        request.extensions_mut().insert(handle.clone());
        let headers = request.headers().clone();
        Box::pin(async move {
            let response = inner.call(request).await?;
            Ok(finish(&client, &headers, &handle, response))
        })
    }
}

fn finish(client: &Client, headers: &HeaderMap, handle: &Handle, response: Response) -> Response {
    let Some(state) = handle.try_lock() else {
        tracing::error!(
            "the session is still in use after the handler answered: its changes are not written"
        );
        return response;
    };
    client.finish(headers, response, &state)
}
