//! What every call of this room can fail with: the tenant said no, or said nothing that can be used.

use std::time::Duration;

use http::StatusCode;
use stepup_protocol::error::code;

use super::{Operation, Refusal};
use crate::provider::ProviderError;

/// The tenant could not be reached in time, or its answer was no answer (codes `server_error`, `discovery_error`,
/// `unknown_error`). Nothing was changed on this side; the cause is the source.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Unavailable {
    text: &'static str,
    code: &'static str,
    status: StatusCode,
    source: Box<ProviderError>,
}

impl Unavailable {
    pub(super) const fn code(&self) -> &'static str {
        self.code
    }

    /// What a route answers: the tenant's failure is a bad gateway, a request that something on the way to it turned
    /// down without a word is a bad request.
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.source.retry_after()
    }

    /// Whether the tenant's answer brought tokens, which were not accepted.
    pub(super) const fn has_tokens(&self) -> bool {
        matches!(*self.source, ProviderError::NotBound { .. })
    }
}

#[derive(Debug)]
pub(super) enum Failure {
    Refused(Refusal),
    Unavailable(Unavailable),
}

impl Failure {
    /// What `error` means for `operation`.
    pub(super) fn of(operation: Operation, error: ProviderError) -> Self {
        match error {
            ProviderError::Refused { status, body, retry_after, .. } => Self::Refused(Refusal {
                status,
                error: body.error,
                description: body.error_description,
                retry_after,
            }),
            // Something on the way to the tenant limits requests too, in words of its own.
            ProviderError::Untrustworthy { status: StatusCode::TOO_MANY_REQUESTS, retry_after, .. } => {
                Self::Refused(Refusal {
                    status: StatusCode::TOO_MANY_REQUESTS,
                    error: code::TOO_MANY_REQUESTS.to_owned(),
                    description: Some(operation.failed().to_owned()),
                    retry_after,
                })
            }
            ProviderError::Untrustworthy { status, .. } if !status.is_success() => {
                let (code, answer) = if status.is_client_error() {
                    ("unknown_error", StatusCode::BAD_REQUEST)
                } else {
                    ("server_error", StatusCode::BAD_GATEWAY)
                };
                Self::Unavailable(Unavailable {
                    text: operation.failed(),
                    code,
                    status: answer,
                    source: Box::new(error),
                })
            }
            ProviderError::NotBound { .. }
            | ProviderError::Unreachable { .. }
            | ProviderError::Unsendable { .. }
            | ProviderError::Unsigned { .. }
            | ProviderError::Untrustworthy { .. } => Self::Unavailable(Unavailable {
                text: operation.unexpected(),
                code: "server_error",
                status: StatusCode::BAD_GATEWAY,
                source: Box::new(error),
            }),
        }
    }

    /// The tenant's documents, without which no answer can be judged, cannot be had.
    pub(super) fn of_discovery(error: ProviderError) -> Self {
        Self::Unavailable(Unavailable {
            text: "Failed to discover authorization server metadata",
            code: "discovery_error",
            status: StatusCode::BAD_GATEWAY,
            source: Box::new(error),
        })
    }

    /// A success of the MFA API that does not say what its status promises.
    pub(super) fn unusable(operation: Operation, reason: impl Into<String>) -> Self {
        Self::without_words(operation, StatusCode::OK, None, reason)
    }

    /// An answer of the MFA API that says nothing that is known here.
    pub(super) fn without_words(
        operation: Operation,
        status: StatusCode,
        retry_after: Option<Duration>,
        reason: impl Into<String>,
    ) -> Self {
        let (endpoint, reason) = ("MFA API", reason.into());
        Self::of(operation, ProviderError::Untrustworthy { endpoint, status, reason, retry_after })
    }
}
