//! The OAuth error body (RFC 6749 section 5.2) and the codes that travel in it.

use serde::{Deserialize, Serialize};

use crate::mfa::MfaRequirements;

/// Error codes that programs act on. Others may come; they are passed on as they are.
pub mod code {
    /// The user, an Action or a consent page refused; at the token endpoint also: the client is not who it says.
    pub const ACCESS_DENIED: &str = "access_denied";
    /// The user has no confirmed authenticator yet.
    pub const ASSOCIATION_REQUIRED: &str = "association_required";
    /// A push has not been answered, or a push enrolment has not been scanned.
    pub const AUTHORIZATION_PENDING: &str = "authorization_pending";
    /// Consent is missing and `prompt=none` forbids asking.
    pub const CONSENT_REQUIRED: &str = "consent_required";
    /// An `mfa_token` or an `oob_code` is too old.
    pub const EXPIRED_TOKEN: &str = "expired_token";
    /// A page is due and `prompt=none` forbids showing it.
    pub const INTERACTION_REQUIRED: &str = "interaction_required";
    /// An authenticator id that is unknown, inactive or somebody else's.
    pub const INVALID_AUTHENTICATOR: &str = "invalid_authenticator";
    /// Client authentication by assertion failed.
    pub const INVALID_CLIENT: &str = "invalid_client";
    /// A DPoP proof that is not good (RFC 9449 section 5).
    pub const INVALID_DPOP_PROOF: &str = "invalid_dpop_proof";
    /// A code, token or credential that is wrong, spent or revoked.
    pub const INVALID_GRANT: &str = "invalid_grant";
    /// A parameter is missing, repeated or malformed.
    pub const INVALID_REQUEST: &str = "invalid_request";
    /// The token lacks a scope that the call needs (RFC 6750 section 3.1).
    pub const INSUFFICIENT_SCOPE: &str = "insufficient_scope";
    /// There is no session and `prompt=none` forbids logging in.
    pub const LOGIN_REQUIRED: &str = "login_required";
    /// A second factor is due.
    pub const MFA_REQUIRED: &str = "mfa_required";
    /// The server failed; trying again may help.
    pub const SERVER_ERROR: &str = "server_error";
    /// Polled faster than allowed.
    pub const SLOW_DOWN: &str = "slow_down";
    /// Attempts are used up for a while.
    pub const TOO_MANY_ATTEMPTS: &str = "too_many_attempts";
    /// Requests are used up for a while.
    pub const TOO_MANY_REQUESTS: &str = "too_many_requests";
    /// The client may not use this grant.
    pub const UNAUTHORIZED_CLIENT: &str = "unauthorized_client";
    /// The factor or channel is not on in this tenant.
    pub const UNSUPPORTED_AUTHENTICATOR_TYPE: &str = "unsupported_authenticator_type";
    /// No enrolled factor is of a type that was asked for.
    pub const UNSUPPORTED_CHALLENGE_TYPE: &str = "unsupported_challenge_type";
    /// The server does not know this grant.
    pub const UNSUPPORTED_GRANT_TYPE: &str = "unsupported_grant_type";
    /// The client or server does not allow this response type.
    pub const UNSUPPORTED_RESPONSE_TYPE: &str = "unsupported_response_type";
    /// A DPoP proof needs the nonce of the `DPoP-Nonce` header (RFC 9449 section 8).
    pub const USE_DPOP_NONCE: &str = "use_dpop_nonce";
}

/// Descriptions that clients compare byte for byte. Spelling, capitals and full stops are part of the protocol.
pub mod description {
    /// A push that nobody has answered.
    pub const AUTHORIZATION_PENDING: &str =
        "Authorization pending: please repeat the request in a few seconds.";
    /// A wrong or spent one-time code.
    pub const INVALID_OTP_CODE: &str = "Invalid otp_code.";
    /// A wrong code for an out-of-band challenge.
    pub const INVALID_BINDING_CODE: &str = "Invalid binding_code.";
    /// A refresh token that cannot be used, for whatever reason.
    pub const INVALID_REFRESH_TOKEN: &str = "Unknown or invalid refresh token.";
    /// A bearer on `/mfa/*` that is not a usable `mfa_token`.
    pub const INVALID_MFA_TOKEN_BEARER: &str = "The mfa_token provided is invalid. Try getting a new token.";
    /// An `mfa_token` that is not one, has been tampered with or is spent.
    pub const MALFORMED_MFA_TOKEN: &str = "Malformed mfa_token";
    /// An `oob_code` that is not one.
    pub const MALFORMED_OOB_CODE: &str = "Malformed oob_code";
    /// A rejected push or recovery code.
    pub const MFA_REJECTED: &str = "MFA Authorization rejected.";
    /// A second factor is due.
    pub const MFA_REQUIRED: &str = "Multifactor authentication required";
    /// An `mfa_token` of another client.
    pub const MFA_TOKEN_OF_OTHER_CLIENT: &str = "mfa_token not issued to this client";
    /// An `mfa_token` past its life.
    pub const MFA_TOKEN_EXPIRED: &str = "mfa_token is expired";
    /// An `oob_code` past its life.
    pub const OOB_CODE_EXPIRED: &str = "oob_code is expired";
    /// An `oob_code` of another transaction.
    pub const OOB_CODE_OF_OTHER_TOKEN: &str = "The oob_code doesn't match the mfa_token";
    /// Code attempts are used up for a while.
    pub const TOO_MANY_CODES: &str = "Too many failed codes. Wait for some minutes before retrying.";
    /// A client that is unknown or did not prove itself.
    pub const UNAUTHORIZED: &str = "Unauthorized";
    /// A wrong password or an unknown user, told apart on purpose nowhere.
    pub const WRONG_EMAIL_OR_PASSWORD: &str = "Wrong email or password.";
}

/// The error body of OAuth endpoints and of the MFA API.
///
/// ```
/// use stepup_protocol::error::OAuthError;
///
/// let body = OAuthError::new("invalid_grant", "Invalid otp_code.");
/// assert_eq!(
///     serde_json::to_string(&body).unwrap(),
///     r#"{"error":"invalid_grant","error_description":"Invalid otp_code."}"#
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthError {
    /// One of [`code`], or another that the server knows.
    pub error: String,
    /// For the developer, not for the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

impl OAuthError {
    /// An error with its description.
    pub fn new(error: impl Into<String>, description: impl Into<String>) -> Self {
        Self { error: error.into(), error_description: Some(description.into()) }
    }
}

/// The answer of the token endpoint when a second factor is due: status 403, `error` is `mfa_required`.
///
/// Holds a raw `mfa_token`, so it does not print it. In the SDK it never leaves the `mfa` room.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaRequiredBody {
    /// Always `mfa_required`.
    pub error: String,
    /// Usually [`description::MFA_REQUIRED`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
    /// Stands for the pending transaction. Old tenants left it out: then only a new login helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa_token: Option<String>,
    /// Which factors an Action asked for; absent under a policy, when any enrolled factor will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa_requirements: Option<MfaRequirements>,
}

impl std::fmt::Debug for MfaRequiredBody {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("MfaRequiredBody")
            .field("error_description", &self.error_description)
            .field("mfa_requirements", &self.mfa_requirements)
            .finish_non_exhaustive()
    }
}
