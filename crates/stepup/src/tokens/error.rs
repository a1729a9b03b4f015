//! Why there is no access token.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use serde_json::{Value, json};
use stepup_protocol::error::code;

use crate::{
    mfa::MfaRequired,
    provider::{IdTokenError, ProviderError},
    wire_error::{Answer, WireError},
};

/// Why there is no access token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// The tenant refused the refresh token or could not be reached: see the source.
    /// [`AccessTokenError::needs_login`] tells whether only a new login helps.
    #[error("The access token has expired and there was an error while trying to refresh it.")]
    FailedToRefresh(#[source] Arc<RefreshError>),
    /// The user must give a second factor first; it carries the token to do it with.
    #[error("a second factor is needed for this access token")]
    MfaRequired(#[from] MfaRequired),
    /// There is no good token, and the session has nothing to get one with: ask for `offline_access`, or log in again.
    #[error(
        "There is no valid access token, and a refresh token was not provided. The user needs to re-authenticate."
    )]
    MissingRefreshToken,
    /// Nobody is logged in.
    #[error("The user does not have an active session.")]
    MissingSession,
    /// The identity provider ended the session (`session_expiry`).
    #[error("The session has expired. The user needs to re-authenticate.")]
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

    /// What a failure of the tenant's is for those who are served here: 429 where it has had too many requests, 403 where it
    /// said no, else 503.
    pub(crate) fn status_of_the_tenant(&self) -> StatusCode {
        match self {
            Self::FailedToRefresh(error) if error.is_limit() => StatusCode::TOO_MANY_REQUESTS,
            error if error.is_refusal() => StatusCode::FORBIDDEN,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether the tenant said no, as an Action may: it is well, and asking again does not change it.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::FailedToRefresh(error) if error.is_refusal())
    }

    /// Whether only a new login helps: there is no session any more, nothing to renew it with, or the tenant no longer
    /// takes its refresh token. Else trying again may help, or a second factor does.
    #[must_use]
    pub fn needs_login(&self) -> bool {
        match self {
            Self::FailedToRefresh(error) => error.is_final(),
            Self::MfaRequired(required) => required.needs_login(),
            Self::MissingRefreshToken | Self::MissingSession | Self::SessionExpired => true,
        }
    }

    /// How long to wait before another attempt, where the tenant told it: it has had too many requests, or is not well.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::FailedToRefresh(error) => error.retry_after(),
            _ => None,
        }
    }

    /// The body that goes on the wire: flat for `mfa_required`, nested under `error` for the others, as browsers'
    /// clients expect it; with `login_required` where [`AccessTokenError::needs_login`].
    #[must_use]
    pub fn to_json(&self) -> Value {
        if let Self::MfaRequired(required) = self {
            return required.to_json();
        }
        let mut body = json!({ "error": { "message": self.to_string(), "code": self.code() } });
        if self.needs_login() {
            body["login_required"] = true.into();
        }
        body
    }
}

impl WireError for AccessTokenError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::MfaRequired(required) => required.answer(),
            error => Answer::new(error.status(), error.code(), &error.to_string()).after(error.retry_after()),
        }
    }

    fn to_json(&self) -> Value {
        self.to_json()
    }
}

impl RefreshError {
    fn is_limit(&self) -> bool {
        matches!(self, Self::Provider(error) if error.is_limit())
    }

    fn is_refusal(&self) -> bool {
        let refused = matches!(
            self,
            Self::Provider(ProviderError::Refused { status, .. }) if status.is_client_error()
        );
        refused && !self.is_limit() && !self.is_of_the_client()
    }

    /// Whether it is the application that the tenant does not take, by its credentials (RFC 6749 section 5.2).
    pub(super) fn is_of_the_client(&self) -> bool {
        let Self::Provider(ProviderError::Refused { status, body, .. }) = self else { return false };
        *status == StatusCode::UNAUTHORIZED || body.error == code::INVALID_CLIENT
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Provider(error) => error.retry_after(),
            Self::IdToken(_) | Self::Interrupted | Self::OtherUser => None,
        }
    }

    /// Whether the refresh token is of no use any more.
    fn is_final(&self) -> bool {
        match self {
            Self::Provider(ProviderError::Refused { body, .. }) => body.error == code::INVALID_GRANT,
            Self::OtherUser => true,
            Self::IdToken(_) | Self::Interrupted | Self::Provider(_) => false,
        }
    }
}

impl From<RefreshError> for AccessTokenError {
    fn from(error: RefreshError) -> Self {
        Self::FailedToRefresh(Arc::new(error))
    }
}
