//! What goes wrong between here and the tenant, by whose fault it is.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use stepup_protocol::error::{OAuthError, code};
use stepup_seal::jws::SignError;

use crate::{
    http_client::HttpError,
    one_line::{OneLine, words},
};

/// Why the tenant's answer is of no use.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The tenant said no, in its own words.
    #[error("the {endpoint} refused with {status}: {}", words(.body))]
    Refused {
        /// Which part of the tenant.
        endpoint: &'static str,
        /// The status of its answer.
        status: StatusCode,
        /// Its `error` and `error_description`.
        body: OAuthError,
        /// How long it asks to wait (`Retry-After`).
        retry_after: Option<Duration>,
    },
    /// No answer came. Trying again may help.
    #[error("the {endpoint} could not be reached")]
    Unreachable {
        /// Which part of the tenant.
        endpoint: &'static str,
        /// What happened.
        #[source]
        source: Arc<HttpError>,
    },
    /// An answer came that is not what the specification says.
    #[error("the {endpoint} gave an answer that cannot be used ({status}): {}", OneLine(.reason))]
    Untrustworthy {
        /// Which part of the tenant.
        endpoint: &'static str,
        /// The status of its answer.
        status: StatusCode,
        /// What is wrong with it.
        reason: String,
        /// How long it asks to wait (`Retry-After`), which something on the way to the tenant may have said.
        retry_after: Option<Duration>,
    },
    /// A client assertion or a DPoP proof could not be made, so nothing was sent.
    #[error("the request to the {endpoint} could not be signed")]
    Unsigned {
        /// Which part of the tenant.
        endpoint: &'static str,
        /// What the cryptographic library says.
        #[source]
        source: Arc<SignError>,
    },
    /// An address or a token holds what no request can, so nothing was sent.
    #[error("the request to the {endpoint} could not be made")]
    Unsendable {
        /// Which part of the tenant.
        endpoint: &'static str,
        /// What is wrong with it.
        #[source]
        source: Arc<http::Error>,
    },
    /// A DPoP key is configured, and the access token that came is bound to none: whoever finds it could use it, so it is
    /// not kept. Let the tenant bind tokens of this client and API to keys, or do without `dpop_key`.
    #[error(
        "the {endpoint} gave an access token of type {token_type:?} where one bound to the DPoP key was due"
    )]
    NotBound {
        /// Which part of the tenant.
        endpoint: &'static str,
        /// The `token_type` of its answer.
        token_type: String,
    },
}

impl ProviderError {
    /// The code that goes on the wire: the tenant's own, or `server_error`.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { body, .. } => &body.error,
            Self::NotBound { .. }
            | Self::Unreachable { .. }
            | Self::Unsendable { .. }
            | Self::Unsigned { .. }
            | Self::Untrustworthy { .. } => code::SERVER_ERROR,
        }
    }

    /// How long to wait before another attempt, where the tenant, or something on the way to it, told it.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::Untrustworthy { retry_after, .. } => *retry_after,
            Self::NotBound { .. }
            | Self::Unreachable { .. }
            | Self::Unsendable { .. }
            | Self::Unsigned { .. } => None,
        }
    }

    /// Whether the tenant, or something on the way to it, has too many requests.
    pub(crate) fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::Refused { status, .. } | Self::Untrustworthy { status, .. }
                if *status == StatusCode::TOO_MANY_REQUESTS
        )
    }

    /// The discovery document has no `member`, which would name the endpoint.
    pub(crate) fn not_named(endpoint: &'static str, member: &str) -> Self {
        let reason = format!("the discovery document has no `{member}`");
        Self::Untrustworthy { endpoint, status: StatusCode::OK, reason, retry_after: None }
    }

    pub(super) fn unsendable(endpoint: &'static str, source: impl Into<http::Error>) -> Self {
        Self::Unsendable { endpoint, source: Arc::new(source.into()) }
    }

    pub(super) fn unsigned(endpoint: &'static str, source: SignError) -> Self {
        Self::Unsigned { endpoint, source: Arc::new(source) }
    }
}

/// An address that the tenant names in its discovery document, and that is none.
pub(super) fn bad_address(endpoint: &'static str, error: &dyn std::error::Error) -> ProviderError {
    let reason = format!("the address that discovery names is not one: {error}");
    ProviderError::Untrustworthy { endpoint, status: StatusCode::OK, reason, retry_after: None }
}
