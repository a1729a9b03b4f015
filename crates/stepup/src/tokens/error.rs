//! Why there is no access token.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    mfa::MfaRequired,
    provider::{IdTokenError, ProviderError},
};

/// Why there is no access token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// The tenant refused the refresh token or could not be reached: see the source.
    /// [`AccessTokenError::needs_login`] tells whether only a new login helps.
    #[error("the access token could not be renewed")]
    FailedToRefresh(#[source] RefreshError),
    /// The user must give a second factor first; it carries the token to do it with.
    #[error("a second factor is needed for this access token")]
    MfaRequired(#[from] MfaRequired),
    /// The token is over, and the session has nothing to renew it with: ask for `offline_access`, or log in again.
    #[error("the access token has expired and the session has no refresh token; the user must log in again")]
    MissingRefreshToken,
    /// Nobody is logged in.
    #[error("there is no session")]
    MissingSession,
    /// The identity provider ended the session (`session_expiry`).
    #[error("the session has expired; the user must log in again")]
    SessionExpired,
}

/// What became of a refresh.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// It was interrupted: the runtime is shutting down.
    #[error("the refresh was interrupted")]
    Interrupted,
    /// The new ID token is not accepted.
    #[error("the tenant's answer is not trustworthy")]
    IdToken(#[source] IdTokenError),
    /// The new ID token is for somebody else.
    #[error("the tenant's answer is for another user")]
    OtherUser,
    /// Refused, unreachable, or no proper answer.
    #[error("the tenant gave no tokens")]
    Provider(#[source] ProviderError),
}

impl AccessTokenError {
    /// The code that goes on the wire.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FailedToRefresh(_) => "failed_to_refresh_token",
            Self::MfaRequired(_) => "mfa_required",
            Self::MissingRefreshToken => "missing_refresh_token",
            Self::MissingSession => "missing_session",
            Self::SessionExpired => "session_expired",
        }
    }

    /// The status that goes on the wire.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::MfaRequired(_) => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// The body that goes on the wire: flat for `mfa_required`, nested under `error` for the others, as browsers'
    /// clients expect it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::MfaRequired(required) => required.to_json(),
            error => json!({ "error": { "message": error.to_string(), "code": error.code() } }),
        }
    }
}
