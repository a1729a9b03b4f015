//! The MFA API, `ISSUER/mfa/…`: status and JSON as they came. What they mean is decided in the `mfa` room.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde_json::Value;

use super::{Provider, ProviderError, error::bad_address};

const ENDPOINT: &str = "MFA API";

/// A call of the MFA API.
#[derive(Debug)]
pub(crate) struct MfaCall<'a> {
    pub(crate) method: Method,
    /// After `ISSUER/mfa/`, its variable parts percent-encoded.
    pub(crate) path: &'a str,
    /// The raw `mfa_token`, where the call carries it as bearer.
    pub(crate) bearer: Option<&'a str>,
    pub(crate) body: Option<Value>,
    /// Whether the client proves itself in the body (`client_id`, and its secret or an assertion).
    pub(crate) authenticated: bool,
}

/// What the MFA API answered. Prints no body: it may hold secrets.
pub(crate) struct MfaAnswer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    /// Absent where there is no body, as after a deletion, or it is not JSON.
    pub(crate) json: Option<Value>,
}

impl std::fmt::Debug for MfaAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MfaAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Provider {
    /// Calls the MFA API. Every status is an answer.
    ///
    /// # Errors
    ///
    /// `Unreachable` where none came.
    pub(crate) async fn mfa(&self, call: MfaCall<'_>) -> Result<MfaAnswer, ProviderError> {
        let address = format!("{}/mfa/{}", self.issuer.trim_end_matches('/'), call.path);
        let mut request = Request::builder().method(call.method).uri(address);
        if let Some(bearer) = call.bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let body = match call.body {
            Some(mut body) => {
                if call.authenticated {
                    self.authenticate_json(ENDPOINT, &mut body)?;
                }
                request = request.header(header::CONTENT_TYPE, "application/json");
                Bytes::from(body.to_string())
            }
            None => Bytes::new(),
        };
        let request = request.body(body).map_err(|error| bad_address(ENDPOINT, &error))?;
        let answer = self.exchange(ENDPOINT, request).await?;
        Ok(MfaAnswer {
            status: answer.status,
            retry_after: answer.retry_after,
            json: serde_json::from_slice(&answer.body).ok(),
        })
    }
}
