//! What an error of this room becomes on the wire, derived in one place.

use http::StatusCode;
use serde_json::json;
use stepup_protocol::error::code;

use super::error::{
    ChallengeError, DeleteAuthenticatorError, EnrollError, InvalidRequest, ListAuthenticatorsError,
    MfaRequired, MfaTokenError, NoAvailableFactors, VerifyError,
};
use super::{failure::Unavailable, refusal::Refusal};
use crate::wire_error::{Answer, WireError};

impl WireError for MfaRequired {
    fn answer(&self) -> Answer<'_> {
        let mut answer = Answer::new(StatusCode::FORBIDDEN, code::MFA_REQUIRED, &self.description);
        let token = self.mfa_token.as_ref().map_or("", |token| token.as_str());
        answer.say("mfa_token", token);
        if let Some(requirements) = &self.requirements {
            answer.say("mfa_requirements", json!(requirements));
        }
        if self.needs_login() {
            answer.say("login_required", true);
        }
        if let Some(recovery_code) = &self.recovery_code {
            answer.say("recovery_code", recovery_code.as_str());
        }
        answer
    }
}

impl WireError for MfaTokenError {
    fn answer(&self) -> Answer<'_> {
        let (status, code) = match self {
            Self::Expired => (StatusCode::UNAUTHORIZED, "mfa_token_expired"),
            Self::Invalid => (StatusCode::UNAUTHORIZED, "mfa_token_invalid"),
            Self::NotFound => (StatusCode::NOT_FOUND, "mfa_token_not_found"),
        };
        Answer::new(status, code, &self.to_string())
    }
}

impl WireError for InvalidRequest {
    fn answer(&self) -> Answer<'_> {
        Answer::new(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, &self.to_string())
    }
}

impl WireError for NoAvailableFactors {
    fn answer(&self) -> Answer<'_> {
        Answer::new(StatusCode::BAD_REQUEST, "mfa_no_available_factors", &self.to_string())
    }
}

impl WireError for Refusal {
    /// The tenant's own words. Its status is kept where the one who asked can act on it; a failure of its own, or of
    /// the way to it, is a bad gateway; everything else is a bad request.
    fn answer(&self) -> Answer<'_> {
        let description = self.description.as_deref().unwrap_or_default();
        Answer::new(self.status_for_the_caller(), &*self.error, description).after(self.retry_after)
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

impl WireError for Unavailable {
    fn answer(&self) -> Answer<'_> {
        Answer::new(Unavailable::status(self), Unavailable::code(self), &self.to_string())
            .after(Unavailable::retry_after(self))
    }
}

impl WireError for ListAuthenticatorsError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::Refused(refusal) => refusal.answer(),
            Self::Token(error) => error.answer(),
            Self::Unavailable(error) => error.answer(),
        }
    }
}

impl WireError for EnrollError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::Refused(refusal) | Self::SentTooOften(refusal) => refusal.answer(),
            Self::Token(error) => error.answer(),
            Self::Unavailable(error) => error.answer(),
        }
    }
}

impl WireError for ChallengeError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::NoAvailableFactors(error) => error.answer(),
            Self::Refused(refusal) | Self::SentTooOften(refusal) => refusal.answer(),
            Self::Token(error) => error.answer(),
            Self::Unavailable(error) => error.answer(),
        }
    }
}

impl WireError for DeleteAuthenticatorError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::Refused(refusal) => refusal.answer(),
            Self::Token(error) => error.answer(),
            Self::Unavailable(error) => error.answer(),
        }
    }
}

impl WireError for VerifyError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::IdToken(_) => Answer::new(StatusCode::BAD_GATEWAY, code::SERVER_ERROR, &self.to_string()),
            Self::Interrupted => {
                Answer::new(StatusCode::SERVICE_UNAVAILABLE, code::SERVER_ERROR, &self.to_string())
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
            Self::MissingSession => {
                Answer::new(StatusCode::BAD_REQUEST, "missing_session", &self.to_string())
            }
            Self::OtherUser => Answer::new(StatusCode::FORBIDDEN, "user_mismatch", &self.to_string()),
            Self::SessionExpired => {
                Answer::new(StatusCode::UNAUTHORIZED, "session_expired", &self.to_string())
            }
            Self::Token(error) => error.answer(),
            Self::Unavailable(error) => error.answer(),
            Self::Used(_) => Answer::new(StatusCode::FORBIDDEN, "mfa_token_used", &self.to_string()),
        }
    }
}
