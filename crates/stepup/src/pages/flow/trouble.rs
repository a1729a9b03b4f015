//! What an error means for whoever is at a page.

use stepup_protocol::error::code;

use crate::mfa::{ChallengeError, EnrollError, ListAuthenticatorsError, Refusal, VerifyError};

/// What an error means for whoever is at a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The tenant does not listen for now.
    Busy,
    /// The tenant does not take what was typed: the address that codes are to be sent to.
    Malformed,
    /// The tenant does not offer this way.
    NotOffered,
    /// The step-up is over.
    Over,
    /// It did not work; trying again may help.
    Unavailable,
}

impl From<&Refusal> for Trouble {
    fn from(refusal: &Refusal) -> Self {
        match &*refusal.error {
            code::EXPIRED_TOKEN | code::INVALID_GRANT => Self::Over,
            _ if refusal.is_limit() => Self::Busy,
            code::INVALID_REQUEST => Self::Malformed,
            code::ACCESS_DENIED
            | code::ASSOCIATION_REQUIRED
            | code::INVALID_AUTHENTICATOR
            | code::UNSUPPORTED_AUTHENTICATOR_TYPE
            | code::UNSUPPORTED_CHALLENGE_TYPE => Self::NotOffered,
            _ => Self::Unavailable,
        }
    }
}

impl From<&ListAuthenticatorsError> for Trouble {
    fn from(error: &ListAuthenticatorsError) -> Self {
        match error {
            ListAuthenticatorsError::Refused(refusal) => refusal.into(),
            ListAuthenticatorsError::Token(_) => Self::Over,
            ListAuthenticatorsError::Unavailable(_) => Self::Unavailable,
        }
    }
}

impl From<&EnrollError> for Trouble {
    fn from(error: &EnrollError) -> Self {
        match error {
            EnrollError::Refused(refusal) | EnrollError::SentTooOften(refusal) => refusal.into(),
            EnrollError::Token(_) => Self::Over,
            EnrollError::Unavailable(_) => Self::Unavailable,
        }
    }
}

impl From<&ChallengeError> for Trouble {
    fn from(error: &ChallengeError) -> Self {
        match error {
            ChallengeError::NoAvailableFactors(_) => Self::NotOffered,
            ChallengeError::Refused(refusal) | ChallengeError::SentTooOften(refusal) => refusal.into(),
            ChallengeError::Token(_) => Self::Over,
            ChallengeError::Unavailable(_) => Self::Unavailable,
        }
    }
}

impl From<&VerifyError> for Trouble {
    fn from(error: &VerifyError) -> Self {
        match error {
            VerifyError::Busy(refusal)
            | VerifyError::Denied(refusal)
            | VerifyError::Expired(refusal)
            | VerifyError::LockedOut(refusal)
            | VerifyError::Over(refusal)
            | VerifyError::Pending(refusal)
            | VerifyError::Refused(refusal)
            | VerifyError::WrongCode(refusal) => refusal.into(),
            VerifyError::MissingSession
            | VerifyError::OtherUser
            | VerifyError::SessionExpired
            | VerifyError::Token(_)
            | VerifyError::Used(_) => Self::Over,
            VerifyError::IdToken(_)
            | VerifyError::Interrupted
            | VerifyError::MfaRequired(_)
            | VerifyError::Unavailable(_) => Self::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::mfa::MfaTokenError;

    fn refusal(status: u16, error: &str) -> Refusal {
        Refusal {
            status: StatusCode::from_u16(status).unwrap(),
            error: error.to_owned(),
            description: None,
            retry_after: None,
        }
    }

    #[test]
    fn what_the_tenant_says() {
        for (status, error, trouble) in [
            (400, "access_denied", Trouble::NotOffered),
            (400, "association_required", Trouble::NotOffered),
            (400, "invalid_authenticator", Trouble::NotOffered),
            (400, "invalid_request", Trouble::Malformed),
            (400, "unsupported_authenticator_type", Trouble::NotOffered),
            (400, "unsupported_challenge_type", Trouble::NotOffered),
            (401, "expired_token", Trouble::Over),
            (401, "invalid_grant", Trouble::Over),
            (403, "insufficient_scope", Trouble::Unavailable),
            (429, "invalid_request", Trouble::Busy),
            (429, "too_many_requests", Trouble::Busy),
            (500, "server_error", Trouble::Unavailable),
        ] {
            assert_eq!(Trouble::from(&refusal(status, error)), trouble, "{status} {error}");
        }
    }

    #[test]
    fn what_is_found_here() {
        assert_eq!(Trouble::from(&ListAuthenticatorsError::Token(MfaTokenError::NotFound)), Trouble::Over);
        assert_eq!(Trouble::from(&EnrollError::Token(MfaTokenError::Expired)), Trouble::Over);
        assert_eq!(Trouble::from(&ChallengeError::Token(MfaTokenError::Invalid)), Trouble::Over);
        for error in [
            VerifyError::MissingSession,
            VerifyError::OtherUser,
            VerifyError::SessionExpired,
            VerifyError::Token(MfaTokenError::Expired),
        ] {
            assert_eq!(Trouble::from(&error), Trouble::Over, "{error:?}");
        }
        assert_eq!(Trouble::from(&VerifyError::Interrupted), Trouble::Unavailable);
    }
}
