//! The MFA API, `ISSUER/mfa/…`: status and JSON as they came. What they mean is decided in the `mfa` room.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::Value;

use super::{Provider, ProviderError, exchange::authorization};

const ENDPOINT: &str = "MFA API";

/// A call of the MFA API.
#[derive(Debug)]
pub(crate) struct MfaCall<'a> {
    pub(crate) method: Method,
    /// After `ISSUER/mfa/`, its variable parts percent-encoded.
    pub(crate) path: &'a str,
    /// Who answers for the user, where the call says it in its header.
    pub(crate) bearer: Option<Bearer<'a>>,
    pub(crate) body: Option<Value>,
    /// Whether the client proves itself in the body (`client_id`, and its secret or an assertion).
    pub(crate) authenticated: bool,
}

/// What a call of the MFA API is authorized by.
#[derive(Clone, Copy)]
pub(crate) enum Bearer<'a> {
    /// The user's own access token. It may be bound to a key.
    AccessToken(&'a str),
    /// The raw `mfa_token` of a step-up.
    MfaToken(&'a str),
}

impl std::fmt::Debug for Bearer<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::AccessToken(_) => "AccessToken(…)",
            Self::MfaToken(_) => "MfaToken(…)",
        })
    }
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
        let body = match call.body {
            Some(mut body) => {
                if call.authenticated {
                    self.authenticate_json(ENDPOINT, &mut body)?;
                }
                Some(Bytes::from(body.to_string()))
            }
            None => None,
        };
        let request = || {
            let mut request = Request::builder().method(&call.method).uri(&address);
            if let Some(bearer) = call.bearer {
                request = request.header(header::AUTHORIZATION, self.authorization_by(bearer)?);
            }
            if body.is_some() {
                request = request.header(header::CONTENT_TYPE, "application/json");
            }
            let request = request.body(body.clone().unwrap_or_default());
            let request = request.map_err(|error| ProviderError::unsendable(ENDPOINT, error))?;
            match call.bearer {
                Some(Bearer::AccessToken(token)) => self.proved(ENDPOINT, request, Some(token)),
                Some(Bearer::MfaToken(_)) | None => Ok(request),
            }
        };
        let answer = self.exchange_proved(ENDPOINT, request).await?;
        Ok(MfaAnswer {
            status: answer.status,
            retry_after: answer.retry_after,
            json: serde_json::from_slice(&answer.body).ok(),
        })
    }

    fn authorization_by(&self, bearer: Bearer<'_>) -> Result<HeaderValue, ProviderError> {
        match bearer {
            Bearer::AccessToken(token) => authorization(ENDPOINT, self.token_scheme(), token),
            Bearer::MfaToken(token) => authorization(ENDPOINT, "Bearer", token),
        }
    }
}
