//! The guard around routes.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use axum_core::{
    extract::Request,
    response::{IntoResponse as _, Response},
};
use futures_util::future::BoxFuture;
use stepup::guard::{Guard, Passed};
use tower_layer::Layer;
use tower_service::Service;

use super::{StepUp, judge::judge};

/// What the layer hands to the handler.
#[derive(Clone)]
pub(super) struct Granted(pub(super) Passed);

impl<S> Layer<S> for StepUp {
    type Service = StepUpService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        StepUpService { inner, guard: Arc::clone(&self.guard) }
    }
}

/// See [`StepUp`].
#[derive(Clone, Debug)]
pub struct StepUpService<S> {
    inner: S,
    guard: Arc<Guard>,
}

impl<S> Service<Request> for StepUpService<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The service that was polled ready is the one to call; the clone waits for the next request.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let guard = Arc::clone(&self.guard);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let mut body = Some(body);
            match judge(&guard, &parts, &mut body).await {
                // The handler takes the session itself.
                Ok((_, passed)) => parts.extensions.insert(Granted(passed)),
                Err(rejection) => return Ok(rejection.into_response()),
            };
            inner.call(Request::from_parts(parts, body.unwrap_or_default())).await
        })
    }
}
