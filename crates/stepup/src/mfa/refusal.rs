//! What the tenant says when it says no, and what of that is meant.

use std::time::Duration;

use http::StatusCode;
use stepup_protocol::error::{code, description};

use crate::one_line::OneLine;

/// The tenant said no, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tenant answered {status} with {}: {}", OneLine(.error), OneLine(.description.as_deref().unwrap_or("no description")))]
#[non_exhaustive]
pub struct Refusal {
    /// The tenant's status.
    pub status: StatusCode,
    /// The tenant's code, one of [`stepup_protocol::error::code`] or another.
    pub error: String,
    /// The tenant's words, for the developer.
    pub description: Option<String>,
    /// From the `Retry-After` header.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// In the tenant's words, which need not be asked.
    pub(super) fn no_such_authenticator() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            error: code::INVALID_AUTHENTICATOR.to_owned(),
            description: Some("Authenticator not found".to_owned()),
            retry_after: None,
        }
    }

    /// Whether a limit is reached, whichever it is and whatever status and code the tenant says it with: only waiting helps.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        // An enrolment says it as a 400 `invalid_request`, and then only in words.
        let in_words = || self.description.as_deref().is_some_and(|text| text.starts_with("Too many "));
        self.status == StatusCode::TOO_MANY_REQUESTS
            || self.is_lockout()
            || self.is_rate_limit()
            || in_words()
    }

    /// Whether, said of a proof, attempts are used up for a while: the right code would be refused too.
    #[must_use]
    pub fn is_lockout(&self) -> bool {
        self.error == code::TOO_MANY_ATTEMPTS
            || self.description.as_deref() == Some(description::TOO_MANY_CODES)
    }

    /// Whether requests of whatever kind are too many, which says nothing of this user.
    fn is_rate_limit(&self) -> bool {
        self.error == code::TOO_MANY_REQUESTS
    }

    /// Whether, said of an enrolment or a challenge, enough was sent to this user for a while.
    pub(super) fn is_limit_on_sending(&self) -> bool {
        self.is_limit() && !self.is_rate_limit()
    }

    /// Whether a question about a push came too soon after the last one (RFC 8628 section 3.5).
    #[must_use]
    pub fn is_slow_down(&self) -> bool {
        self.error == code::SLOW_DOWN
    }

    pub(super) fn is_pending(&self) -> bool {
        self.is_slow_down() || self.error == code::AUTHORIZATION_PENDING
    }

    /// Whether the user said no on their device. Tenants say it with one of two codes, and with these words.
    pub(super) fn is_denial(&self) -> bool {
        matches!(&*self.error, code::ACCESS_DENIED | code::INVALID_GRANT)
            && self.description.as_deref() == Some(description::MFA_REJECTED)
    }

    /// Whether the `mfa_token` was used. It was sealed here, so it is none that was never alive.
    pub(super) fn is_used_token(&self) -> bool {
        self.error == code::INVALID_GRANT
            && self.description.as_deref() == Some(description::MALFORMED_MFA_TOKEN)
    }

    /// Whether the tenant takes nothing more for this step-up: no other code would do.
    pub(super) fn is_end(&self) -> bool {
        self.error == code::INVALID_GRANT && !self.is_wrong_code()
    }

    pub(super) fn is_wrong_code(&self) -> bool {
        self.error == code::INVALID_GRANT
            && matches!(
                self.description.as_deref(),
                Some(
                    description::INVALID_OTP_CODE
                        | description::INVALID_BINDING_CODE
                        | description::MFA_REJECTED
                )
            )
    }
}
