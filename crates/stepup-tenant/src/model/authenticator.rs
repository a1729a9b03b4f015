//! What a user proves a second factor with.

use secrecy::SecretString;
use stepup_protocol::{
    mfa::{AuthenticatorType, FactorType, OobChannel},
    time::UnixTime,
};

use super::Digest;

/// An enrolled, or half enrolled, authenticator of a user.
#[derive(Clone, Debug)]
pub struct Authenticator {
    /// `{prefix}|dev_{16 characters}`; the prefix is [`Credential::prefix`].
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// What is checked.
    pub credential: Credential,
    /// When it was enrolled.
    pub created_at: UnixTime,
    /// When the first successful verification made it active; pending until then.
    pub confirmed_at: Option<UnixTime>,
    /// When it was last passed.
    pub last_used_at: Option<UnixTime>,
}

impl Authenticator {
    /// Whether its enrolment was confirmed.
    #[must_use]
    pub const fn active(&self) -> bool {
        self.confirmed_at.is_some()
    }
}

/// What an authenticator is checked against.
#[derive(Clone, Debug)]
pub enum Credential {
    /// The recovery code; only its digest is known.
    RecoveryCode {
        /// Of the code in capitals, without separators.
        digest: Digest,
    },
    /// An authenticator app (RFC 6238: SHA-1, 6 digits, 30 seconds).
    Totp {
        /// The shared secret, base32 without padding. Sealed at rest.
        secret: SecretString,
        /// The last time step that was accepted; it and all before it are refused.
        last_step: Option<u64>,
    },
}

impl Credential {
    /// What the id of such an authenticator begins with.
    #[must_use]
    pub const fn prefix(&self) -> &'static str {
        match self {
            Self::RecoveryCode { .. } => "recovery-code",
            Self::Totp { .. } => "totp",
        }
    }

    /// The factor it is.
    #[must_use]
    pub const fn factor(&self) -> FactorType {
        match self {
            Self::RecoveryCode { .. } => FactorType::RecoveryCode,
            Self::Totp { .. } => FactorType::Otp,
        }
    }

    /// How it is used on the wire.
    #[must_use]
    pub const fn authenticator_type(&self) -> AuthenticatorType {
        match self {
            Self::RecoveryCode { .. } => AuthenticatorType::RecoveryCode,
            Self::Totp { .. } => AuthenticatorType::Otp,
        }
    }

    /// Where it reaches the user, if out of band.
    #[must_use]
    pub const fn oob_channel(&self) -> Option<OobChannel> {
        match self {
            Self::RecoveryCode { .. } | Self::Totp { .. } => None,
        }
    }
}
