//! How a call fails, by whose fault, and what goes on the wire for it.
//!
//! Every endpoint of the Authentication API returns a [`Failure`]; status, code and description are derived from it in one
//! place, [`Failure::wire`], and made an answer in [`answer`](super::answer). What only the log may know stays in the source.

use std::time::Duration;

use http::StatusCode;
use secrecy::SecretString;
use stepup_protocol::{
    error::{code, description},
    mfa::{FactorType, MfaRequirements},
};
use stepup_seal::jws;

use super::{client_auth::AssertionFault, dpop::ProofFault, params::ParamsError};
use crate::{
    actions::ActionError, delivery::DeliveryError, mfa::requirement::Refusal, model::Empty,
    passwords::PasswordError, store::StoreError,
};

/// Why a call to the Authentication API failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The login failed after a recovery code was used: what took that code's place is told all the same, this once.
    #[error("{failure}")]
    AfterRecovery {
        /// Why it failed.
        failure: Box<Failure>,
        /// The new recovery code.
        recovery_code: SecretString,
    },
    /// The client is not who it says, or may not do this.
    #[error(transparent)]
    Client(#[from] ClientFault),
    /// What was handed in to be exchanged is not good.
    #[error(transparent)]
    Grant(#[from] GrantFault),
    /// Attempts are used up for a while.
    #[error(transparent)]
    Limit(#[from] Exhausted),
    /// The DPoP proof is not good.
    #[error(transparent)]
    Proof(#[from] ProofFault),
    /// The request is not what it has to be.
    #[error(transparent)]
    Request(#[from] RequestFault),
    /// The tenant failed.
    #[error(transparent)]
    Tenant(#[from] TenantFault),
    /// The user must act, or may not.
    #[error(transparent)]
    User(#[from] UserFault),
}

/// Faults of the client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientFault {
    #[error("Service not enabled within domain: {0}")]
    ApiUnknown(String),
    #[error("the client_assertion is refused: {0}")]
    Assertion(AssertionFault),
    #[error("this client authenticates with a client_assertion (private_key_jwt)")]
    AssertionNeeded,
    #[error("client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer")]
    AssertionType,
    #[error("Grant type '{0}' not allowed for the client.")]
    GrantNotAllowed(String),
    #[error("insufficient scope: the call needs {0}")]
    InsufficientScope(&'static str),
    #[error("{}", description::MFA_TOKEN_OF_OTHER_CLIENT)]
    MfaTokenOfOtherClient,
    #[error("Non-global clients are not allowed access to APIv1")]
    NoAudience,
    #[error(
        "Client is not authorized to access \"{0}\". You need to create a \"client-grant\" associated to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
    )]
    NoClientGrant(String),
    #[error("Client has not been granted scopes: {0}")]
    ScopesNotGranted(String),
    #[error("{}", description::UNAUTHORIZED)]
    Unauthorized { by_basic: bool },
    #[error("{}", description::UNAUTHORIZED)]
    Unproven { by_basic: bool },
}

/// Faults of what was handed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrantFault {
    #[error("{}", description::INVALID_BINDING_CODE)]
    BindingCode,
    #[error("Invalid authorization code")]
    Code,
    #[error("{}", description::INVALID_MFA_TOKEN_BEARER)]
    MfaBearer,
    #[error("{}", description::MFA_REJECTED)]
    MfaRejected,
    #[error("{}", description::MFA_TOKEN_EXPIRED)]
    MfaTokenExpired,
    #[error("{}", description::MALFORMED_MFA_TOKEN)]
    MfaTokenMalformed,
    #[error("{}", description::OOB_CODE_EXPIRED)]
    OobCodeExpired,
    #[error("{}", description::MALFORMED_OOB_CODE)]
    OobCodeMalformed,
    #[error("{}", description::INVALID_OTP_CODE)]
    OtpCode,
    #[error("{}", description::WRONG_EMAIL_OR_PASSWORD)]
    Password,
    #[error("{}", description::AUTHORIZATION_PENDING)]
    PushPending,
    #[error("{}", description::MFA_REJECTED)]
    PushRejected,
    #[error("You are polling too fast: wait a second between two requests.")]
    PushTooFast,
    #[error("The redirect URI is wrong. You sent {sent}, and we expected {expected}")]
    RedirectUri { sent: String, expected: String },
    #[error("{}", description::INVALID_REFRESH_TOKEN)]
    RefreshToken,
    #[error("The refresh_token was generated for a user who doesn't exist anymore.")]
    UserGone,
    #[error("Failed to verify code verifier")]
    Verifier,
}

/// A limit that is reached.
#[derive(Debug, thiserror::Error)]
#[error("{limit}")]
pub(crate) struct Exhausted {
    /// Which.
    pub(crate) limit: Limit,
    /// How long until it lets one more through.
    pub(crate) opens_in: Duration,
}

impl Limit {
    /// It is, as a bucket says.
    pub(crate) const fn reached(self, empty: Empty) -> Exhausted {
        Exhausted { limit: self, opens_in: empty.refills_in }
    }
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Limit {
    #[error("{}", description::TOO_MANY_CODES)]
    Codes,
    #[error("Too many emails sent to the user. Wait for some minutes before retrying.")]
    Emails,
    #[error(
        "Your account has been blocked after multiple consecutive login attempts. We’ve sent you an email with instructions on how to unblock it."
    )]
    Passwords,
    #[error("Global limit has been reached")]
    Requests,
    #[error("Too many push notifications sent to the user. Wait for some minutes before retrying.")]
    Pushes,
    #[error("Too many SMS sent by the user. Wait for some minutes before retrying.")]
    Texts,
}

/// Faults of the request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestFault {
    #[error("Authenticator not found")]
    AuthenticatorNotFound,
    #[error("The email is invalid.")]
    EmailAddress,
    #[error("\"{0}\" is required")]
    FieldMissing(&'static str),
    #[error("Invalid authenticator ID")]
    InvalidAuthenticator,
    #[error("the request cannot be read")]
    Malformed(#[from] ParamsError),
    #[error("Missing required parameter: {0}")]
    Missing(&'static str),
    #[error("Authorization server not configured with default connection.")]
    NoDefaultDirectory,
    #[error("{}", description::OOB_CODE_OF_OTHER_TOKEN)]
    OobCodeOfOtherToken,
    #[error("The phone number is invalid.")]
    PhoneNumber,
    /// A limit on sending, where the call tells it as a fault of the request.
    #[error("{0}")]
    SentTooMuch(Exhausted),
    #[error("{0} cannot be pushed")]
    NotToBePushed(&'static str),
    #[error("{description}")]
    Pushed { error: &'static str, description: String },
    #[error("pushed authorization requests are switched off in this tenant")]
    PushedRequestsOff,
    #[error("a client authenticates by one method at a time")]
    SeveralCredentials,
    #[error("the realm {0} is not a connection of this tenant")]
    UnknownRealm(String),
    #[error("the authenticator type {0} is not known or not enabled in this tenant")]
    UnsupportedAuthenticator(String),
    #[error("User is not enrolled with {0}")]
    UnsupportedChallenge(String),
    #[error("Unsupported grant type: {0}")]
    UnsupportedGrant(String),
}

/// What stands between the user and the tokens.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UserFault {
    #[error("User is already enrolled.")]
    AlreadyEnrolled,
    #[error("User has no confirmed authenticator. Use /mfa/associate to add one.")]
    AssociationRequired,
    #[error("the authenticator of a verified e-mail address cannot be removed")]
    AutomaticEmail,
    #[error("user is blocked")]
    Blocked,
    #[error("{0}")]
    Denied(String),
    #[error("the requirement of this mfa_token does not allow the factor {0}")]
    FactorNotAsked(FactorType),
    #[error("an Action wants to send the user to a page, which this grant cannot do")]
    InteractionRequired,
    #[error("{}", description::MFA_REQUIRED)]
    MfaRequired(Box<MfaRequired>),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// What the client is told of a pending transaction.
pub(crate) struct MfaRequired {
    /// The raw `mfa_token`.
    pub(crate) mfa_token: String,
    /// What an Action asked for.
    pub(crate) requirements: Option<MfaRequirements>,
}

impl std::fmt::Debug for MfaRequired {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("MfaRequired")
            .field("requirements", &self.requirements)
            .finish_non_exhaustive()
    }
}

/// Faults of the tenant; the source goes to the log and never on the wire.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TenantFault {
    #[error("an Action failed")]
    Action(#[source] Box<ActionError>),
    #[error("a message could not be sent")]
    Delivery(#[source] DeliveryError),
    #[error("a value kept with a transaction cannot be read")]
    Kept(#[source] serde_json::Error),
    #[error("a password cannot be checked")]
    Password(#[from] PasswordError),
    #[error("the client's secret cannot be a signing key")]
    SecretAsKey(#[source] jws::KeyError),
    #[error("a token cannot be signed")]
    Sign(#[source] jws::SignError),
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// What a failure is on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wire {
    /// The status.
    pub(crate) status: StatusCode,
    /// `error`.
    pub(crate) error: &'static str,
    /// `error_description`.
    pub(crate) description: String,
}

impl Failure {
    /// The one place that says what goes on the wire.
    pub(crate) fn wire(&self) -> Wire {
        let (status, error) = self.status_and_code();
        let description = match self {
            Self::AfterRecovery { failure, .. } => return failure.wire(),
            Self::Request(RequestFault::Malformed(cause)) => cause.to_string(),
            Self::Tenant(_) => "Something went wrong".to_owned(),
            told => told.to_string(),
        };
        Wire { status, error, description }
    }

    fn status_and_code(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::AfterRecovery { failure, .. } => failure.status_and_code(),
            Self::Client(fault) => match fault {
                ClientFault::ApiUnknown(_)
                | ClientFault::NoAudience
                | ClientFault::NoClientGrant(_)
                | ClientFault::ScopesNotGranted(_) => (S::FORBIDDEN, code::ACCESS_DENIED),
                ClientFault::Assertion(_)
                | ClientFault::AssertionNeeded
                | ClientFault::AssertionType
                | ClientFault::Unproven { .. } => (S::UNAUTHORIZED, code::INVALID_CLIENT),
                ClientFault::GrantNotAllowed(_) => (S::FORBIDDEN, code::UNAUTHORIZED_CLIENT),
                ClientFault::InsufficientScope(_) => (S::FORBIDDEN, code::INSUFFICIENT_SCOPE),
                ClientFault::MfaTokenOfOtherClient => (S::BAD_REQUEST, code::INVALID_REQUEST),
                ClientFault::Unauthorized { .. } => (S::UNAUTHORIZED, code::ACCESS_DENIED),
            },
            Self::Grant(fault) => match fault {
                GrantFault::MfaBearer => (S::UNAUTHORIZED, code::INVALID_GRANT),
                GrantFault::MfaTokenExpired | GrantFault::OobCodeExpired => {
                    (S::UNAUTHORIZED, code::EXPIRED_TOKEN)
                }
                GrantFault::PushPending => (S::BAD_REQUEST, code::AUTHORIZATION_PENDING),
                GrantFault::PushRejected => (S::BAD_REQUEST, code::ACCESS_DENIED),
                GrantFault::PushTooFast => (S::BAD_REQUEST, code::SLOW_DOWN),
                _ => (S::FORBIDDEN, code::INVALID_GRANT),
            },
            Self::Limit(Exhausted { limit: Limit::Requests, .. }) => {
                (S::TOO_MANY_REQUESTS, code::TOO_MANY_REQUESTS)
            }
            Self::Limit(_) => (S::TOO_MANY_REQUESTS, code::TOO_MANY_ATTEMPTS),
            Self::Proof(ProofFault::NonceNeeded(_)) => (S::BAD_REQUEST, code::USE_DPOP_NONCE),
            Self::Proof(_) => (S::BAD_REQUEST, code::INVALID_DPOP_PROOF),
            Self::Request(fault) => match fault {
                RequestFault::AuthenticatorNotFound => (S::NOT_FOUND, code::INVALID_AUTHENTICATOR),
                RequestFault::InvalidAuthenticator => (S::BAD_REQUEST, code::INVALID_AUTHENTICATOR),
                RequestFault::UnsupportedAuthenticator(_) => {
                    (S::BAD_REQUEST, code::UNSUPPORTED_AUTHENTICATOR_TYPE)
                }
                RequestFault::UnsupportedChallenge(_) => (S::BAD_REQUEST, code::UNSUPPORTED_CHALLENGE_TYPE),
                RequestFault::UnsupportedGrant(_) => (S::FORBIDDEN, code::UNSUPPORTED_GRANT_TYPE),
                RequestFault::Pushed { error, .. } => (S::BAD_REQUEST, error),
                RequestFault::EmailAddress
                | RequestFault::FieldMissing(_)
                | RequestFault::Malformed(_)
                | RequestFault::Missing(_)
                | RequestFault::NoDefaultDirectory
                | RequestFault::OobCodeOfOtherToken
                | RequestFault::PhoneNumber
                | RequestFault::SentTooMuch(_)
                | RequestFault::NotToBePushed(_)
                | RequestFault::PushedRequestsOff
                | RequestFault::SeveralCredentials
                | RequestFault::UnknownRealm(_) => (S::BAD_REQUEST, code::INVALID_REQUEST),
            },
            Self::Tenant(TenantFault::Delivery(_)) => (S::BAD_GATEWAY, "bad_gateway"),
            Self::Tenant(_) => (S::INTERNAL_SERVER_ERROR, code::SERVER_ERROR),
            Self::User(fault) => match fault {
                UserFault::AssociationRequired => (S::BAD_REQUEST, code::ASSOCIATION_REQUIRED),
                UserFault::Blocked => (S::FORBIDDEN, "unauthorized"),
                UserFault::InteractionRequired => (S::FORBIDDEN, code::INTERACTION_REQUIRED),
                UserFault::MfaRequired(_) => (S::FORBIDDEN, code::MFA_REQUIRED),
                UserFault::AlreadyEnrolled
                | UserFault::AutomaticEmail
                | UserFault::Denied(_)
                | UserFault::FactorNotAsked(_)
                | UserFault::Refused(_) => (S::FORBIDDEN, code::ACCESS_DENIED),
            },
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Tenant(TenantFault::Store(error))
    }
}

impl From<DeliveryError> for Failure {
    fn from(error: DeliveryError) -> Self {
        Self::Tenant(match error {
            DeliveryError::Store(error) => TenantFault::Store(error),
            gateway => TenantFault::Delivery(gateway),
        })
    }
}

impl From<ParamsError> for Failure {
    fn from(error: ParamsError) -> Self {
        Self::Request(RequestFault::Malformed(error))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::User(UserFault::Refused(refusal))
    }
}
