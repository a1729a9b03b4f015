//! What an error of this room becomes on the wire: its code, its status and its JSON, derived in one place.

use std::{borrow::Cow, time::Duration};

use http::StatusCode;
use serde_json::{Map, Value, json};
use stepup_protocol::error::code;

use super::error::{
    ChallengeError, DeleteAuthenticatorError, EnrollError, InvalidRequest, ListAuthenticatorsError,
    MfaRequired, MfaTokenError, NoAvailableFactors, VerifyError,
};
use super::{failure::Unavailable, refusal::Refusal};

/// The face that every error of the MFA API shows: a stable code for programs, a status and a JSON body for a route,
/// and the time to wait where the tenant told it.
///
/// ```
/// use stepup::mfa::{MfaError as _, MfaTokenError};
///
/// let error = MfaTokenError::Expired;
/// assert_eq!(error.code(), "mfa_token_expired");
/// assert_eq!(error.status(), 401);
/// assert_eq!(error.to_json()["error"], "mfa_token_expired");
/// ```
pub trait MfaError: std::error::Error {
    /// The answer that tells this error.
    #[doc(hidden)]
    fn answer(&self) -> Answer<'_>;

    /// `error` of the body: one of ours (`mfa_token_expired`), or the tenant's own (`invalid_grant`).
    fn code(&self) -> Cow<'_, str> {
        self.answer().code
    }

    /// The status that a route answers.
    fn status(&self) -> StatusCode {
        self.answer().status
    }

    /// The body that a route answers: `error`, `error_description`, and for `mfa_required` also `mfa_token` and
    /// `mfa_requirements`.
    fn to_json(&self) -> Value {
        self.answer().into_json()
    }

    /// How long to wait before another attempt, where the tenant told it.
    fn retry_after(&self) -> Option<Duration> {
        self.answer().retry_after
    }
}

/// An error as an answer. Built by [`MfaError::answer`] alone.
#[derive(Debug)]
pub struct Answer<'a> {
    status: StatusCode,
    code: Cow<'a, str>,
    description: Cow<'a, str>,
    retry_after: Option<Duration>,
    more: Map<String, Value>,
}

impl<'a> Answer<'a> {
    fn new(status: StatusCode, code: impl Into<Cow<'a, str>>, description: impl Into<Cow<'a, str>>) -> Self {
        Self {
            status,
            code: code.into(),
            description: description.into(),
            retry_after: None,
            more: Map::new(),
        }
    }

    fn into_json(self) -> Value {
        let mut body = self.more;
        body.insert("error".to_owned(), self.code.into());
        body.insert("error_description".to_owned(), self.description.into());
        Value::Object(body)
    }
}

impl MfaError for MfaRequired {
    fn answer(&self) -> Answer<'_> {
        let mut more = Map::new();
        let token = self.mfa_token.as_ref().map_or("", |token| token.as_str());
        more.insert("mfa_token".to_owned(), token.into());
        if let Some(requirements) = &self.requirements {
            more.insert("mfa_requirements".to_owned(), json!(requirements));
        }
        if self.needs_login() {
            more.insert("login_required".to_owned(), true.into());
        }
        if let Some(recovery_code) = &self.recovery_code {
            more.insert("recovery_code".to_owned(), recovery_code.as_str().into());
        }
        Answer { more, ..Answer::new(StatusCode::FORBIDDEN, code::MFA_REQUIRED, &*self.description) }
    }
}

impl MfaError for MfaTokenError {
    fn answer(&self) -> Answer<'_> {
        let (status, code) = match self {
            Self::Expired => (StatusCode::UNAUTHORIZED, "mfa_token_expired"),
            Self::Invalid => (StatusCode::UNAUTHORIZED, "mfa_token_invalid"),
            Self::NotFound => (StatusCode::NOT_FOUND, "mfa_token_not_found"),
        };
        Answer::new(status, code, self.to_string())
    }
}

impl MfaError for InvalidRequest {
    fn answer(&self) -> Answer<'_> {
        Answer::new(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, self.to_string())
    }
}

impl MfaError for NoAvailableFactors {
    fn answer(&self) -> Answer<'_> {
        Answer::new(StatusCode::BAD_REQUEST, "mfa_no_available_factors", self.to_string())
    }
}

impl MfaError for Refusal {
    /// The tenant's own words. Its status is kept where the one who asked can act on it; a failure of its own, or of
    /// the way to it, is a bad gateway; everything else is a bad request.
    fn answer(&self) -> Answer<'_> {
        let description = self.description.as_deref().unwrap_or_default();
        Answer {
            retry_after: self.retry_after,
            ..Answer::new(self.status_for_the_caller(), &*self.error, description)
        }
    }
}

impl Refusal {
    fn status_for_the_caller(&self) -> StatusCode {
        if self.is_limit() {
            return StatusCode::TOO_MANY_REQUESTS;
        }
        match (self.status, &*self.error) {
            (status, _) if status.is_server_error() || status.is_redirection() => StatusCode::BAD_GATEWAY,
            // One code for "ask again" and for "begin anew": the status tells them apart.
            (_, code::INVALID_GRANT) if self.is_end() => StatusCode::UNAUTHORIZED,
            (_, code::INVALID_GRANT) => StatusCode::FORBIDDEN,
            (StatusCode::UNAUTHORIZED, code::EXPIRED_TOKEN | "invalid_token")
            | (StatusCode::FORBIDDEN, code::ACCESS_DENIED | code::ASSOCIATION_REQUIRED)
            | (StatusCode::NOT_FOUND, _) => self.status,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl MfaError for Unavailable {
    fn answer(&self) -> Answer<'_> {
        Answer {
            retry_after: Unavailable::retry_after(self),
            ..Answer::new(Unavailable::status(self), Unavailable::code(self), self.to_string())
        }
    }
}

impl MfaError for ListAuthenticatorsError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::Refused(refusal) => refusal.answer(),
            Self::Token(error) => error.answer(),
            Self::Unavailable(error) => error.answer(),
        }
    }
}

impl MfaError for EnrollError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::Refused(refusal) | Self::SentTooOften(refusal) => refusal.answer(),
            Self::Token(error) => error.answer(),
            Self::Unavailable(error) => error.answer(),
        }
    }
}

impl MfaError for ChallengeError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::NoAvailableFactors(error) => error.answer(),
            Self::Refused(refusal) | Self::SentTooOften(refusal) => refusal.answer(),
            Self::Token(error) => error.answer(),
            Self::Unavailable(error) => error.answer(),
        }
    }
}

impl MfaError for DeleteAuthenticatorError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::Refused(refusal) => refusal.answer(),
            Self::Token(error) => error.answer(),
            Self::Unavailable(error) => error.answer(),
        }
    }
}

impl MfaError for VerifyError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::IdToken(_) => Answer::new(StatusCode::BAD_GATEWAY, code::SERVER_ERROR, self.to_string()),
            Self::Interrupted => {
                Answer::new(StatusCode::SERVICE_UNAVAILABLE, code::SERVER_ERROR, self.to_string())
            }
            Self::Busy(refusal)
            | Self::Denied(refusal)
            | Self::Expired(refusal)
            | Self::LockedOut(refusal)
            | Self::Over(refusal)
            | Self::Pending(refusal)
            | Self::Refused(refusal)
            | Self::WrongCode(refusal) => refusal.answer(),
            Self::MfaRequired(required) => required.answer(),
            Self::MissingSession => Answer::new(StatusCode::BAD_REQUEST, "missing_session", self.to_string()),
            Self::OtherUser => Answer::new(StatusCode::FORBIDDEN, "user_mismatch", self.to_string()),
            Self::SessionExpired => {
                Answer::new(StatusCode::UNAUTHORIZED, "session_expired", self.to_string())
            }
            Self::Token(error) => error.answer(),
            Self::Unavailable(error) => error.answer(),
            Self::Used(_) => Answer::new(StatusCode::FORBIDDEN, "mfa_token_used", self.to_string()),
        }
    }
}
