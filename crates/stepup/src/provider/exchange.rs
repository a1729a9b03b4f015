//! One request and its answer, bounded in time and size.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use stepup_protocol::error::{OAuthError, code};
use tracing::Instrument as _;
use url::Url;

use super::{Provider, ProviderError, TokenForm, dpop, error::bad_address};
use crate::{
    http_client::{HttpError, MAX_RESPONSE_BYTES},
    telemetry,
};

/// An answer that came whole.
pub(super) struct Answer {
    endpoint: &'static str,
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Bytes,
    /// Whether the nonce of the next proof came with it.
    has_nonce: bool,
}

impl Provider {
    /// Posts `form` in the client's name and, where there is a DPoP key, with a proof of it. A tenant that wants a nonce in
    /// the proof gets the request once more, with that (RFC 9449 section 8).
    pub(super) async fn exchange_bound(
        &self,
        endpoint: &'static str,
        address: &str,
        form: &TokenForm,
    ) -> Result<Answer, ProviderError> {
        let answer = self.exchange(endpoint, self.bound_form(endpoint, address, form)?).await?;
        match &self.dpop {
            Some(dpop) if answer.wants_nonce() => {
                tokio::time::sleep(dpop.pause(&*self.random)).await;
                self.exchange(endpoint, self.bound_form(endpoint, address, form)?).await
            }
            Some(_) | None => Ok(answer),
        }
    }

    fn bound_form(
        &self,
        endpoint: &'static str,
        address: &str,
        form: &TokenForm,
    ) -> Result<Request<Bytes>, ProviderError> {
        let mut request = self.authenticated_form(endpoint, address, form)?;
        if let Some(dpop) = &self.dpop {
            let url = Url::parse(address).map_err(|error| bad_address(endpoint, &error))?;
            let proof = dpop.proof(request.method(), &url, None, self.clock.now(), &*self.random);
            let proof = proof.map_err(|error| ProviderError::unsigned(endpoint, error))?;
            request.headers_mut().insert(dpop::PROOF, proof);
        }
        Ok(request)
    }

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
        let address = self.dpop.as_ref().and_then(|_| Url::parse(&request.uri().to_string()).ok());
        let span = telemetry::provider_span(endpoint, &request);
        let begun = tokio::time::Instant::now();
        let sent = tokio::time::timeout(self.timeout, self.http.send(request)).instrument(span.clone()).await;
        let response = match sent {
            Ok(Ok(response)) if response.body().len() > MAX_RESPONSE_BYTES => Err(HttpError::TooLarge),
            Ok(answer) => answer,
            Err(_elapsed) => Err(HttpError::TimedOut(self.timeout)),
        }
        .map_err(|source| ProviderError::Unreachable { endpoint, source: Arc::new(source) });
        let status = response.as_ref().ok().map(Response::status);
        telemetry::provider_answered(&span, endpoint, status, begun.elapsed());
        let response = response?;
        tracing::debug!(endpoint, status = response.status().as_u16(), "the tenant answered");
        let has_nonce = match (&self.dpop, address) {
            (Some(dpop), Some(address)) => dpop.keep_nonce(&address, response.headers()),
            _ => false,
        };
        Ok(Answer::new(endpoint, response, has_nonce))
    }
}

impl Answer {
    fn new(endpoint: &'static str, response: Response<Bytes>, has_nonce: bool) -> Self {
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        Self { endpoint, status: response.status(), retry_after, body: response.into_body(), has_nonce }
    }

    /// Whether it refuses a proof for want of the nonce that it brings.
    fn wants_nonce(&self) -> bool {
        let refused = matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
        refused
            && self.has_nonce
            && serde_json::from_slice::<OAuthError>(&self.body)
                .is_ok_and(|body| body.error == code::USE_DPOP_NONCE)
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
