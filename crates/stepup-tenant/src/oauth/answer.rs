//! A failure as an answer: JSON (RFC 6749 section 5.2), with the headers that go with it.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use stepup_protocol::error::{MfaRequiredBody, OAuthError};

use super::{
    dpop::{self, ProofFault},
    error::{ClientFault, Exhausted, Failure, UserFault, Wire},
};

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (failure, recovery_code) = match self {
            Self::AfterRecovery { failure, recovery_code } => (*failure, Some(recovery_code)),
            other => (other, None),
        };
        failure.answer(recovery_code.as_ref())
    }
}

impl Failure {
    fn answer(self, recovery_code: Option<&SecretString>) -> Response {
        if let Self::Tenant(fault) = &self {
            tracing::error!(error = fault as &dyn std::error::Error, "a call failed");
        }
        let nonce = match &self {
            Self::Proof(ProofFault::NonceNeeded(nonce)) => HeaderValue::from_str(nonce).ok(),
            _ => None,
        };
        // RFC 9110 section 10.2.3.
        let retry_after = match &self {
            Self::Limit(Exhausted { opens_in, .. }) => Some(HeaderValue::from(opens_in.as_secs())),
            _ => None,
        };
        let by_basic = matches!(
            self,
            Self::Client(
                ClientFault::Unauthorized { by_basic: true } | ClientFault::Unproven { by_basic: true }
            )
        );
        let Wire { status, error, description } = self.wire();
        let body = match self {
            Self::User(UserFault::MfaRequired(required)) => {
                let body = MfaRequiredBody {
                    error: error.to_owned(),
                    error_description: Some(description),
                    mfa_token: Some(required.mfa_token),
                    mfa_requirements: required.requirements,
                };
                told(&body, recovery_code)
            }
            _ => told(&OAuthError::new(error, description), recovery_code),
        };
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        super::never_stored(headers);
        if let Some(nonce) = nonce {
            headers.insert(dpop::NONCE, nonce);
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds);
        }
        if by_basic {
            // RFC 6749 section 5.2: the scheme that the client used.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"oauth\""));
        }
        response
    }
}

/// The body of an answer: what failed, and the new recovery code where there is one to tell.
fn told(body: &impl Serialize, recovery_code: Option<&SecretString>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Told<'a, T> {
        #[serde(flatten)]
        body: &'a T,
        #[serde(skip_serializing_if = "Option::is_none")]
        recovery_code: Option<&'a str>,
    }
    let recovery_code = recovery_code.map(ExposeSecret::expose_secret);
    serde_json::to_vec(&Told { body, recovery_code }).unwrap_or_default()
}
