//! Labels take few values: what the tenant may write at will is held against what is known.

/// The codes that are told apart: the tenant's, the SDK's own, and those of a refresh.
const KNOWN: [&str; 35] = [
    "access_denied",
    "association_required",
    "authorization_pending",
    "discovery_error",
    "expired_token",
    "interrupted",
    "invalid_authenticator",
    "invalid_client",
    "invalid_dpop_proof",
    "invalid_grant",
    "invalid_id_token",
    "invalid_request",
    "invalid_token",
    "insufficient_scope",
    "mfa_no_available_factors",
    "mfa_required",
    "mfa_token_expired",
    "mfa_token_invalid",
    "mfa_token_not_found",
    "mfa_token_used",
    "missing_session",
    "server_error",
    "session_expired",
    "slow_down",
    "success",
    "too_many_attempts",
    "too_many_requests",
    "unauthorized_client",
    "unknown_error",
    "unreachable",
    "unsupported_authenticator_type",
    "unsupported_challenge_type",
    "unsupported_grant_type",
    "use_dpop_nonce",
    "user_mismatch",
];

/// `code` if it is known.
pub(super) fn known(code: &str) -> &'static str {
    KNOWN.into_iter().find(|known| *known == code).unwrap_or("other")
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
