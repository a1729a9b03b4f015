//! The remote control of tests and of the command line: off unless asked for, loopback only, behind a key.

mod calls;
mod risk;

use std::{net::IpAddr, sync::Arc};

use aws_lc_rs::constant_time;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{devices::DeviceError, seed::Seed, server::faults::Faults, state::Shared};

/// The remote control of a running tenant.
pub(crate) struct Control {
    pub(crate) key: String,
    pub(crate) state: Shared,
    pub(crate) seed: Arc<Seed>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) stop: Arc<watch::Sender<bool>>,
}

impl Control {
    /// Answers a call, if it comes from this machine and with the key.
    pub(crate) async fn answer(&self, request: Request<Bytes>, peer: IpAddr) -> Response<Body> {
        let call = match self.admit(&request, peer) {
            Ok(()) => self.call(&request).await,
            Err(refused) => Err(refused),
        };
        match call {
            Ok(Answer::Json(json)) => respond(StatusCode::OK, &json),
            Ok(Answer::Empty) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
            Err(refused) => respond(
                refused.status,
                &json!({ "error": refused.error, "error_description": refused.description }),
            ),
        }
    }

    fn admit(&self, request: &Request<Bytes>, peer: IpAddr) -> Result<(), Refused> {
        if !peer.to_canonical().is_loopback() {
            return Err(Refused::new(
                StatusCode::FORBIDDEN,
                "forbidden",
                "Only this machine may control the tenant.",
            ));
        }
        let bearer = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, key)| key.trim());
        match bearer {
            Some(key)
                if constant_time::verify_slices_are_equal(key.as_bytes(), self.key.as_bytes()).is_ok() =>
            {
                Ok(())
            }
            _ => Err(Refused::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "Send the key of the ready file: Authorization: Bearer KEY.",
            )),
        }
    }
}

/// What a call answers.
pub(crate) enum Answer {
    Empty,
    Json(Value),
}

/// Why a call is refused.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    error: &'static str,
    description: String,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self { status, error, description: description.into() }
    }

    pub(crate) fn bad(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// A device could not do what it was asked to.
    pub(crate) fn by_device(error: DeviceError) -> Self {
        match &error {
            DeviceError::Barcode(_) => Self::bad(format!("{error}.")),
            DeviceError::NothingAsked(_) => Self::not_found(format!("{error}.")),
            DeviceError::Refused(refusal) => Self::bad(format!("{error}: {refusal}.")),
            DeviceError::Key | DeviceError::Store(_) => error.into(),
        }
    }

    pub(crate) fn not_found(description: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", description)
    }
}

impl<E: std::error::Error> From<E> for Refused {
    /// The tenant failed, not the call; whoever controls it may know why.
    fn from(error: E) -> Self {
        tracing::error!(%error, "a control call failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error.to_string())
    }
}

fn respond(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
