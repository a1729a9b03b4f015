//! What can go wrong in a step-up, one enum an operation.
//!
//! Whose fault it is comes first: the caller's (a bad request, a token that is expired, invalid or somebody else's),
//! the user's turn ([`MfaRequired`]), the tenant's word ([`Refusal`]), or nobody's ([`Unavailable`]). Codes, statuses
//! and JSON of all of them: [`WireError`].

use std::{error::Error as _, fmt};

use stepup_protocol::{
    error::{code, description},
    mfa::{FactorType, MfaRequirements},
};

use super::{
    MfaToken, Refusal, Verify,
    failure::{Failure, Unavailable},
    requirement,
};
use crate::{one_line::OneLine, provider::IdTokenError, wire_error::WireError};

/// A second factor is due before the tenant hands out the token (code `mfa_required`).
///
/// Keep [`MfaRequired::mfa_token`] (a form field will do), let the user enrol or answer a challenge, and hand both to
/// `verify`; the token that was asked for is then in the session.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("a second factor is due: {}", OneLine(.description))]
#[non_exhaustive]
pub struct MfaRequired {
    /// Stands for the pending step-up. Absent where the tenant gave none: see [`MfaRequired::needs_login`].
    pub mfa_token: Option<MfaToken>,
    /// Which factors an Action asked for. Absent under a policy, when any enrolled factor will do.
    pub requirements: Option<MfaRequirements>,
    /// The tenant's words, for the developer.
    pub description: String,
    /// The new recovery code, where a recovery code was the factor before this one: show it to the user, who sees it once.
    pub recovery_code: Option<String>,
}

impl MfaRequired {
    pub(crate) fn new(
        mfa_token: Option<MfaToken>,
        requirements: Option<MfaRequirements>,
        description: Option<String>,
    ) -> Self {
        let description = description.unwrap_or_else(|| description::MFA_REQUIRED.to_owned());
        Self { mfa_token, requirements, description, recovery_code: None }
    }

    /// The body that goes on the wire; status 403.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        WireError::to_json(self)
    }

    /// Whether the step-up cannot be done here: the tenant gave no token to go on with, so only a new login helps.
    #[must_use]
    pub fn needs_login(&self) -> bool {
        self.mfa_token.is_none()
    }

    /// The factors to enrol one of, in the Action's order; empty where no enrolment was asked for.
    #[must_use]
    pub fn enrollment_factors(&self) -> Vec<FactorType> {
        requirement::enrollment_factors(self.requirements.as_ref())
    }

    /// The factors to be challenged by one of, in the Action's order; empty where none was named.
    #[must_use]
    pub fn challenge_factors(&self) -> Vec<FactorType> {
        requirement::challenge_factors(self.requirements.as_ref())
    }
}

impl fmt::Debug for MfaRequired {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MfaRequired")
            .field("mfa_token", &self.mfa_token)
            .field("requirements", &self.requirements)
            .field("description", &self.description)
            .field("has_recovery_code", &self.recovery_code.is_some())
            .finish()
    }
}

/// The [`MfaToken`] will not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MfaTokenError {
    /// Past its life (code `mfa_token_expired`): ask for the access token again, which begins a new step-up.
    #[error("MFA token has expired. Please restart the MFA flow.")]
    Expired,
    /// Not sealed by this application, tampered with, made for another purpose or by another tenant (code
    /// `mfa_token_invalid`).
    #[error("MFA token is invalid.")]
    Invalid,
    /// A good token that belongs to no step-up of this session: it was made for another user than the one who is
    /// logged in (code `mfa_token_not_found`).
    #[error("MFA token belongs to no pending step-up of this session.")]
    NotFound,
}

/// The request is not one that could be carried out (code `invalid_request`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", OneLine(.0))]
pub struct InvalidRequest(std::borrow::Cow<'static, str>);

impl InvalidRequest {
    pub(crate) fn new(text: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self(text.into())
    }
}

/// The requirements leave no challenge of this kind (code `mfa_no_available_factors`). The tenant was not asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoAvailableFactors {
    /// No challenge will do.
    #[error("No MFA challenge types available in mfa_requirements")]
    EmptyList,
    /// Another challenge will.
    #[error("Challenge type \"{}\" is not allowed by mfa_requirements. Allowed: {}", OneLine(.challenge_type), OneLine(&.allowed.join(", ")))]
    NotAllowed {
        /// What was asked for.
        challenge_type: String,
        /// What the requirements list.
        allowed: Vec<String>,
    },
}

/// Listing the authenticators failed (the documented class `MfaGetAuthenticatorsError`).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListAuthenticatorsError {
    /// The tenant refused.
    #[error("the authenticators were not listed")]
    Refused(#[source] Refusal),
    /// The token will not do.
    #[error("the authenticators were not listed")]
    Token(#[from] MfaTokenError),
    /// The tenant did not answer.
    #[error("the authenticators were not listed")]
    Unavailable(#[source] Unavailable),
}

/// Enrolling failed (the documented class `MfaEnrollmentError`).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrollError {
    /// The tenant refused: `access_denied` where the user has an authenticator already, and must answer a challenge.
    #[error("nothing was enrolled")]
    Refused(#[source] Refusal),
    /// The user was sent as many messages as the tenant sends for now: wait for
    /// [`WireError::retry_after`], or some minutes.
    #[error("nothing was enrolled, for too many messages were sent")]
    SentTooOften(#[source] Refusal),
    /// The token will not do.
    #[error("nothing was enrolled")]
    Token(#[from] MfaTokenError),
    /// The tenant did not answer.
    #[error("nothing was enrolled")]
    Unavailable(#[source] Unavailable),
}

/// Challenging failed (the documented classes `MfaChallengeError` and `MfaNoAvailableFactorsError`).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// The requirements leave no such challenge.
    #[error("no challenge was begun")]
    NoAvailableFactors(#[source] NoAvailableFactors),
    /// The tenant refused.
    #[error("no challenge was begun")]
    Refused(#[source] Refusal),
    /// The user was sent as many messages or pushes as the tenant sends for now: wait for
    /// [`WireError::retry_after`], or some minutes. What was sent before is still taken.
    #[error("no challenge was begun, for too many messages were sent")]
    SentTooOften(#[source] Refusal),
    /// The token will not do.
    #[error("no challenge was begun")]
    Token(#[from] MfaTokenError),
    /// The tenant did not answer.
    #[error("no challenge was begun")]
    Unavailable(#[source] Unavailable),
}

/// Deleting failed (the documented class `MfaDeleteAuthenticatorError`).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeleteAuthenticatorError {
    /// The tenant refused. Auth0 takes only an access token for its MFA API here, not a token of a pending step-up.
    #[error("the authenticator was not deleted")]
    Refused(#[source] Refusal),
    /// The token will not do.
    #[error("the authenticator was not deleted")]
    Token(#[from] MfaTokenError),
    /// The tenant did not answer.
    #[error("the authenticator was not deleted")]
    Unavailable(#[source] Unavailable),
}

/// Verifying failed (the documented class `MfaVerifyError`). The session is as it was, but for a refresh token that was
/// rotated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The tenant has too many requests, of whomever, and has not looked at the code, which may be handed in again: wait for
    /// [`WireError::retry_after`], or a moment.
    #[error("the tenant has too many requests")]
    Busy(#[source] Refusal),
    /// The user said no to the push. It is over; the same token serves for another way.
    #[error("the user denied the request on their device")]
    Denied(#[source] Refusal),
    /// The `oob_code`, or the tenant's own token of this step-up, is too old: challenge again, and if that fails begin a new
    /// step-up.
    #[error("the challenge is too old")]
    Expired(#[source] Refusal),
    /// The answer came with an ID token that cannot be trusted (code `server_error`).
    #[error("the ID token of the answer was refused")]
    IdToken(#[source] IdTokenError),
    /// The runtime is shutting down (code `server_error`).
    #[error("the verification was interrupted")]
    Interrupted,
    /// Attempts are used up for a while: the right code would be refused too. Wait for
    /// [`WireError::retry_after`], or some minutes.
    #[error("attempts are used up for a while")]
    LockedOut(#[source] Refusal),
    /// The code was right, and an Action wants a further factor: go on with the new token.
    #[error(transparent)]
    MfaRequired(MfaRequired),
    /// There is no session, and no ID token was asked for that could begin one. The code was not spent (code
    /// `missing_session`).
    #[error("There is no session to keep the result in. Log in first, or ask for the 'openid' scope.")]
    MissingSession,
    /// The answer is for another user than the session (code `user_mismatch`).
    #[error("The verification was for another user than the one who is logged in.")]
    OtherUser,
    /// The tenant takes nothing more for this step-up: its refresh token was revoked, as by a log-out elsewhere, or what is
    /// answered is no challenge of it. Ask for the access token again, which begins a new step-up or says that it needs a
    /// log-in.
    #[error("the step-up is over")]
    Over(#[source] Refusal),
    /// The push has not been answered: ask again in a while, later if [`Refusal::is_slow_down`]. [`Mfa::wait_for_push`] does.
    ///
    /// [`Mfa::wait_for_push`]: super::Mfa::wait_for_push
    #[error("the push has not been answered yet")]
    Pending(#[source] Refusal),
    /// The tenant refused for another reason.
    #[error("the proof was not accepted")]
    Refused(#[source] Refusal),
    /// The proof was right, and the identity provider has set an end to the session that is reached already
    /// (`session_expiry`; code `session_expired`): log in again.
    #[error("The session has expired. The user needs to re-authenticate.")]
    SessionExpired,
    /// The token will not do.
    #[error("nothing was verified")]
    Token(#[from] MfaTokenError),
    /// The tenant did not answer.
    #[error("nothing was verified")]
    Unavailable(#[source] Unavailable),
    /// The step-up is complete: a token is good for one success. Nothing was spent. Ask for the access token, which is there
    /// unless it was another session that completed it (code `mfa_token_used`; the refusal is the tenant's, where it was asked).
    #[error("The MFA token was used already: its step-up is complete.")]
    Used(#[source] Option<Refusal>),
    /// The code is wrong, or was used before. The same token serves for another attempt.
    #[error("the code is wrong")]
    WrongCode(#[source] Refusal),
}

impl From<Failure> for ListAuthenticatorsError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<Failure> for EnrollError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) if refusal.is_limit_on_sending() => Self::SentTooOften(refusal),
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<Failure> for ChallengeError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) if refusal.is_limit_on_sending() => Self::SentTooOften(refusal),
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<Failure> for DeleteAuthenticatorError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl VerifyError {
    /// What `failure` means for `proof`.
    pub(super) fn of(failure: Failure, proof: &Verify) -> Self {
        let refusal = match failure {
            Failure::Refused(refusal) => refusal,
            Failure::Unavailable(error) => return Self::Unavailable(error),
        };
        match refusal {
            refusal if refusal.is_pending() => Self::Pending(refusal),
            refusal if refusal.is_lockout() => Self::LockedOut(refusal),
            refusal if refusal.is_limit() => Self::Busy(refusal),
            refusal if proof.is_push() && refusal.is_denial() => Self::Denied(refusal),
            refusal if refusal.is_wrong_code() => Self::WrongCode(refusal),
            refusal if refusal.is_used_token() => Self::Used(Some(refusal)),
            refusal if refusal.is_end() => Self::Over(refusal),
            refusal if refusal.error == code::EXPIRED_TOKEN => Self::Expired(refusal),
            refusal => Self::Refused(refusal),
        }
    }

    /// Whether a refresh token may have come with the answer that was not accepted. Others leave the session alone: what a request
    /// beside this one kept must not be written over.
    pub(super) fn may_have_rotated(&self) -> bool {
        match self {
            Self::IdToken(_) => true,
            Self::Unavailable(error) => error.has_tokens(),
            _ => false,
        }
    }

    /// The tenant's words, if it said no.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        self.source()?.downcast_ref()
    }

    pub(crate) const fn is_pending(&self) -> bool {
        matches!(self, Self::Pending(_))
    }

    /// Whether the same proof may do in a while: the tenant has not looked at it, or was not well.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Busy(_) | Self::Unavailable(_) => true,
            Self::Refused(refusal) => refusal.status.is_server_error(),
            _ => false,
        }
    }
}
