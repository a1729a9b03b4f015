//! One request and its answer, bounded in time and size.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use stepup_protocol::error::OAuthError;

use super::{Provider, ProviderError};
use crate::http_client::{HttpError, MAX_RESPONSE_BYTES};

/// An answer that came whole.
pub(super) struct Answer {
    endpoint: &'static str,
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Bytes,
}

impl Provider {
    /// Sends `request` to the part of the tenant that is called `endpoint` in errors.
    pub(super) async fn exchange(
        &self,
        endpoint: &'static str,
        mut request: Request<Bytes>,
    ) -> Result<Answer, ProviderError> {
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(telemetry) = &self.telemetry {
            headers.insert("auth0-client", telemetry.clone());
        }
        let sent = tokio::time::timeout(self.timeout, self.http.send(request)).await;
        let response = match sent {
            Ok(Ok(response)) if response.body().len() > MAX_RESPONSE_BYTES => Err(HttpError::TooLarge),
            Ok(answer) => answer,
            Err(_elapsed) => Err(HttpError::TimedOut(self.timeout)),
        }
        .map_err(|source| ProviderError::Unreachable { endpoint, source: Arc::new(source) })?;
        tracing::debug!(endpoint, status = response.status().as_u16(), "the tenant answered");
        Ok(Answer::new(endpoint, response))
    }
}

impl Answer {
    fn new(endpoint: &'static str, response: Response<Bytes>) -> Self {
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        Self { endpoint, status: response.status(), retry_after, body: response.into_body() }
    }

    /// The body of a success; what else came is an error.
    pub(super) fn success<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        if !self.status.is_success() {
            return Err(self.refusal());
        }
        serde_json::from_slice(&self.body).map_err(|error| self.untrustworthy(error.to_string()))
    }

    /// What an answer that is no success says: the tenant's own words if it found any.
    pub(super) fn refusal(&self) -> ProviderError {
        match serde_json::from_slice::<OAuthError>(&self.body) {
            Ok(body) if !body.error.is_empty() => ProviderError::Refused {
                endpoint: self.endpoint,
                status: self.status,
                body,
                retry_after: self.retry_after,
            },
            Ok(_) | Err(_) => self.untrustworthy("there is no OAuth error in it".to_owned()),
        }
    }

    pub(super) fn untrustworthy(&self, reason: String) -> ProviderError {
        ProviderError::Untrustworthy { endpoint: self.endpoint, status: self.status, reason }
    }
}

/// `Auth0-Client`: which SDK is talking, as Auth0's own SDKs tell it.
pub(super) fn telemetry_header() -> HeaderValue {
    let names = serde_json::json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") });
    HeaderValue::from_str(&stepup_seal::base64url::encode(names.to_string()))
        .unwrap_or_else(|_| HeaderValue::from_static(env!("CARGO_PKG_NAME")))
}
