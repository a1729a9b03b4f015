//! Labels take few values: what the tenant may write at will is held against what is known.

use stepup_protocol::error::code;

/// The codes that are told apart: the tenant's, the SDK's own, and those of a refresh.
const KNOWN: [&str; 35] = [
    code::ACCESS_DENIED,
    code::ASSOCIATION_REQUIRED,
    code::AUTHORIZATION_PENDING,
    "discovery_error",
    code::EXPIRED_TOKEN,
    "interrupted",
    code::INVALID_AUTHENTICATOR,
    code::INVALID_CLIENT,
    code::INVALID_DPOP_PROOF,
    code::INVALID_GRANT,
    "invalid_id_token",
    code::INVALID_REQUEST,
    "invalid_token",
    code::INSUFFICIENT_SCOPE,
    "mfa_no_available_factors",
    code::MFA_REQUIRED,
    "mfa_token_expired",
    "mfa_token_invalid",
    "mfa_token_not_found",
    "mfa_token_used",
    "missing_session",
    code::SERVER_ERROR,
    "session_expired",
    code::SLOW_DOWN,
    "success",
    code::TOO_MANY_ATTEMPTS,
    code::TOO_MANY_REQUESTS,
    code::UNAUTHORIZED_CLIENT,
    "unknown_error",
    "unreachable",
    code::UNSUPPORTED_AUTHENTICATOR_TYPE,
    code::UNSUPPORTED_CHALLENGE_TYPE,
    code::UNSUPPORTED_GRANT_TYPE,
    code::USE_DPOP_NONCE,
    "user_mismatch",
];

/// `reason` if it is known.
pub(super) fn known(reason: &str) -> &'static str {
    KNOWN.into_iter().find(|known| *known == reason).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_nobody_knows_makes_no_series_of_its_own() {
        assert_eq!(known("invalid_grant"), "invalid_grant");
        assert_eq!(known("user-2f9d"), "other");
    }
}
