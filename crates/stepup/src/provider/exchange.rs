//! One request and its answer, bounded in time and size.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use stepup_protocol::{
    error::{OAuthError, code},
    time::UnixTime,
};
use tracing::Instrument as _;
use url::Url;

use super::{Provider, ProviderError, TokenForm, dpop, error::bad_address};
use crate::{
    http_client::{HttpError, MAX_RESPONSE_BYTES},
    telemetry,
};

/// The longest that a tenant is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// An answer that came whole.
pub(super) struct Answer {
    endpoint: &'static str,
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Bytes,
    /// Whether the nonce of the next proof came with it.
    has_nonce: bool,
    /// Whether it says by a challenge that the proof lacks that nonce, as resource servers do (RFC 9449 section 9).
    demands_nonce: bool,
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
        self.exchange_proved(endpoint, || self.bound_form(endpoint, address, form)).await
    }

    /// Sends the `request` that is made, and one more where the tenant wants its nonce in the proof.
    pub(super) async fn exchange_proved(
        &self,
        endpoint: &'static str,
        request: impl Fn() -> Result<Request<Bytes>, ProviderError>,
    ) -> Result<Answer, ProviderError> {
        let answer = self.exchange(endpoint, request()?).await?;
        match &self.dpop {
            Some(dpop) if answer.wants_nonce() => {
                self.clock.wait(dpop.pause(&*self.random)).await;
                self.exchange(endpoint, request()?).await
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
        self.proved(endpoint, self.authenticated_form(endpoint, address, form)?, None)
    }

    /// `request` with a proof of the DPoP key, if there is one; of `access_token` too, if it carries one.
    pub(super) fn proved(
        &self,
        endpoint: &'static str,
        mut request: Request<Bytes>,
        access_token: Option<&str>,
    ) -> Result<Request<Bytes>, ProviderError> {
        let Some(dpop) = &self.dpop else { return Ok(request) };
        let url = Url::parse(&request.uri().to_string()).map_err(|error| bad_address(endpoint, &error))?;
        let proof = dpop.proof(request.method(), &url, access_token, self.clock.now(), &*self.random);
        let proof = proof.map_err(|error| ProviderError::unsigned(endpoint, error))?;
        request.headers_mut().insert(dpop::PROOF, proof);
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
        let demands_nonce = response
            .headers()
            .get_all(header::WWW_AUTHENTICATE)
            .iter()
            .any(|challenge| challenge.to_str().is_ok_and(|text| text.contains(code::USE_DPOP_NONCE)));
        let retry_after = retry_after(response.headers(), self.clock.now());
        let (status, body) = (response.status(), response.into_body());
        Ok(Answer { endpoint, status, retry_after, body, has_nonce, demands_nonce })
    }
}

impl Answer {
    /// Whether it refuses a proof for want of the nonce that it brings.
    fn wants_nonce(&self) -> bool {
        let refused = matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
        let says_so = || {
            serde_json::from_slice::<OAuthError>(&self.body)
                .is_ok_and(|body| body.error == code::USE_DPOP_NONCE)
        };
        refused && self.has_nonce && (self.demands_nonce || says_so())
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
        let Self { endpoint, status, retry_after, .. } = *self;
        ProviderError::Untrustworthy { endpoint, status, reason, retry_after }
    }
}

/// A `GET` of an address that the discovery document named.
pub(super) fn get(address: &str, endpoint: &'static str) -> Result<Request<Bytes>, ProviderError> {
    Request::get(address).body(Bytes::new()).map_err(|error| bad_address(endpoint, &error))
}

/// The value of `Authorization`. A client that logs what it sends does not print it.
pub(super) fn authorization(
    endpoint: &'static str,
    scheme: &str,
    credentials: &str,
) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::try_from(format!("{scheme} {credentials}"))
        .map_err(|error| ProviderError::unsendable(endpoint, error))?;
    value.set_sensitive(true);
    Ok(value)
}

/// How long `Retry-After` asks to wait, in seconds or until a date (RFC 9110 section 10.2.3): a day at most.
fn retry_after(headers: &HeaderMap, now: UnixTime) -> Option<Duration> {
    let wait = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = wait.parse() {
        Duration::from_secs(seconds)
    } else {
        let then = httpdate::parse_http_date(wait).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        UnixTime::from_seconds(i64::try_from(then.as_secs()).ok()?).since(now)
    };
    Some(wait.min(LONGEST_WAIT))
}

/// `Auth0-Client`: which SDK is talking, as Auth0's own SDKs tell it.
pub(super) fn telemetry_header() -> HeaderValue {
    let names = serde_json::json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") });
    HeaderValue::from_str(&stepup_seal::base64url::encode(names.to_string()))
        .unwrap_or_else(|_| HeaderValue::from_static(env!("CARGO_PKG_NAME")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_told_in_seconds_or_by_a_date() {
        let wait = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(value))]);
            retry_after(&headers, UnixTime::from_seconds(784_111_700)).map(|wait| wait.as_secs())
        };
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(77));
        assert_eq!(wait("Sat, 05 Nov 1994 08:49:37 GMT"), Some(0), "it is over");
        for longer in ["86401", "18446744073709551615", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(wait(longer), Some(86_400), "{longer}");
        }
        for nonsense in ["", "-1", "soon", "1.5"] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
    }
}
