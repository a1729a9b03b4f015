//! A request's way through the server.

use std::{
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use tower::ServiceExt;

use super::{
    cors::Cors,
    faults::{Fault, Faults},
    front::{Front, Side},
    people,
    recorder::Recorder,
};
use crate::{control::Control, dashboard, guardian};

/// Where a request came from, for handlers: an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The connection is to be closed without an answer: a fault that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("dropped on request")]
pub(crate) struct Dropped;

/// Answers requests.
pub(crate) struct Service {
    pub(crate) front: Front,
    pub(crate) faults: Arc<Faults>,
    /// Keeps exchanges, where somebody may ask for them.
    pub(crate) recorder: Arc<Recorder>,
    /// The remote control, where it is on.
    pub(crate) control: Option<Control>,
}

pub(crate) type Answer = Response<Full<Bytes>>;

impl Service {
    /// Answers one request, or drops it where a fault says so.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Answer, Dropped> {
        let side = self.front.side();
        if let Some(document) = &side.discovery
            && !self.recorder.keeps_all()
            && self.faults.is_empty()
            && is_discovery(&request)
        {
            return Ok(discovery(document.clone()));
        }
        let (mut head, body) = request.into_parts();
        let body = match collect(body, head.uri.path()).await {
            Ok(body) => body,
            Err(refusal) if people::sees(&head) => {
                return Ok(people::show(&side.tenant, head.uri.path(), refusal).await);
            }
            Err(refusal) => return Ok(refusal),
        };
        head.extensions.insert(Peer(peer.ip()));

        if head.uri.path() == "/_control" || head.uri.path().starts_with("/_control/") {
            return Ok(match &self.control {
                Some(control) => {
                    buffer(control.answer(Request::from_parts(head, body), peer.ip()).await).await
                }
                None => problem(StatusCode::NOT_FOUND, "not_found", "There is nothing here."),
            });
        }

        let fault = self.faults.take(head.method.as_str(), head.uri.path());
        if let Some(fault) = &fault {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        }
        let is_shown = !dashboard::has(head.uri.path());
        let recorded = is_shown.then(|| self.recorder.begin(&head, &body));
        if fault.as_ref().is_some_and(|fault| fault.drop) {
            if let Some(exchange) = recorded {
                self.recorder.finish(exchange, None);
            }
            return Err(Dropped);
        }
        let answer = match fault.as_ref().and_then(Fault::answer) {
            Some(answer) => side.cors.finish(&Cors::remember(&head), answer),
            None => route(&side, head, body).await,
        };
        if let Some(exchange) = recorded {
            self.recorder.finish(exchange, Some(&answer));
        }
        Ok(answer)
    }
}

async fn route(side: &Side, head: http::request::Parts, body: Bytes) -> Answer {
    if let Some(preflight) = side.cors.preflight(&head) {
        return preflight;
    }
    let echo = Cors::remember(&head);
    let seen_at = people::sees(&head).then(|| head.uri.path().to_owned());
    let routed = side.router.clone().oneshot(Request::from_parts(head, Body::from(body)));
    let answer = match AssertUnwindSafe(routed).catch_unwind().await {
        Ok(Ok(answer)) => buffer(answer).await,
        Ok(Err(impossible)) => match impossible {},
        Err(_) => {
            tracing::error!("a handler panicked");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Something went wrong.")
        }
    };
    let answer = match seen_at {
        Some(path) => people::show(&side.tenant, &path, answer).await,
        None => answer,
    };
    let mut answer = side.cors.finish(&echo, answer);
    answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

fn is_discovery(request: &Request<Incoming>) -> bool {
    request.method() == Method::GET && request.uri().path() == "/.well-known/openid-configuration"
}

fn discovery(document: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(document));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=15"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}

async fn collect(mut body: Incoming, path: &str) -> Result<Bytes, Answer> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let limit = largest_body(path);
    match tokio::time::timeout(BODY_TIME, Limited::new(&mut body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let _ = tokio::time::timeout(BODY_TIME, drain(body)).await;
            Err(closing(too_large(path, limit)))
        }
        Ok(Err(_)) => Err(closing(problem(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "The request body could not be read.",
        ))),
        Err(_) => Err(closing(problem(
            StatusCode::REQUEST_TIMEOUT,
            "invalid_request",
            "The request body did not come within 30 seconds.",
        ))),
    }
}

/// Reads on for a while: a connection that is closed with something unread in it is reset, and whoever still sends does not
/// hear the answer.
async fn drain(mut body: Incoming) {
    let mut left = DRAINED;
    while left > 0
        && let Some(Ok(frame)) = body.frame().await
    {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
    }
}

const DRAINED: usize = 1 << 20;

/// The largest body that is read: code of Actions and users in bulk take more room than anything else. A form writes a byte
/// as three where JSON writes it as it is.
fn largest_body(path: &str) -> usize {
    match path.strip_prefix(MANAGEMENT) {
        Some("jobs/users-imports") => 600 << 10,
        Some(_) => LARGEST_JSON,
        None if path.starts_with(dashboard::EDITORS) => 3 * LARGEST_JSON,
        None => 64 << 10,
    }
}

const LARGEST_JSON: usize = 256 << 10;

const MANAGEMENT: &str = "/api/v2/";

fn too_large(path: &str, limit: usize) -> Answer {
    let description = format!("The request body is larger than {} KiB.", limit >> 10);
    let mut answer = problem(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", &description);
    let error_code = match path {
        path if path.starts_with(MANAGEMENT) => Some("invalid_body"),
        path if guardian::has(path) => Some("validation_error"),
        _ => None,
    };
    if let Some(error_code) = error_code {
        let body = serde_json::json!({
            "statusCode": 413, "error": "Payload Too Large", "message": description, "errorCode": error_code,
        });
        *answer.body_mut() = Full::new(body.to_string().into());
    }
    answer
}

/// What is left of the request cannot be told from the next one.
fn closing(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

async fn buffer(answer: Response<Body>) -> Answer {
    let (head, body) = answer.into_parts();
    match body.collect().await {
        Ok(body) => Response::from_parts(head, Full::new(body.to_bytes())),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a response body failed");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Something went wrong.")
        }
    }
}

fn problem(status: StatusCode, error: &str, description: &str) -> Answer {
    let body = serde_json::json!({ "error": error, "error_description": description }).to_string();
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use axum::{Router, routing::get};

    use super::*;

    #[tokio::test]
    async fn a_body_that_is_too_large_is_refused_in_the_form_of_its_endpoint() {
        for (path, code) in [
            ("/api/v2/users", "/errorCode invalid_body"),
            ("/appliance-mfa/api/enroll", "/errorCode validation_error"),
            ("/api/resolve-transaction", "/errorCode validation_error"),
            ("/oauth/token", "/error invalid_request"),
        ] {
            let answer = too_large(path, 64 << 10);
            assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let (place, expected) = code.split_once(' ').unwrap();
            assert_eq!(body.pointer(place).unwrap(), expected, "{path}: {body}");
        }
    }

    #[tokio::test]
    async fn a_panic_in_a_handler_is_a_500() {
        async fn panics() {
            panic!("a bug")
        }
        let side = Side {
            tenant: "Acme".to_owned(),
            router: Router::new().route("/panics", get(panics)),
            cors: Cors::new(&[]),
            discovery: None,
        };
        let (head, ()) = Request::get("/panics").body(()).unwrap().into_parts();
        let answer = route(&side, head, Bytes::new()).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, r#"{"error":"server_error","error_description":"Something went wrong."}"#);
    }
}
