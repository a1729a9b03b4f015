//! What a user proves a second factor with.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepup_protocol::{
    mfa::{FactorType, OobChannel},
    time::UnixTime,
};

use super::{Digest, mask};

/// An enrolled, or half enrolled, authenticator of a user.
#[derive(Clone, Debug)]
pub struct Authenticator {
    /// `{prefix}|dev_{16 characters}`; the prefix is [`Credential::prefix`].
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// What is checked.
    pub credential: Credential,
    /// What the user or an administrator calls it.
    pub name: Option<String>,
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

    /// The factor it is.
    #[must_use]
    pub const fn factor(&self) -> FactorType {
        self.credential.factor()
    }

    /// Its id without the prefix: `dev_{16 characters}`, the id of the enrolment.
    #[must_use]
    pub fn device_id(&self) -> &str {
        self.id.split_once('|').map_or(self.id.as_str(), |(_, device)| device)
    }

    /// How it may be named to whoever holds an `mfa_token`: number and address masked. None for apps and codes.
    #[must_use]
    pub fn masked_name(&self) -> Option<String> {
        match &self.credential {
            Credential::Email { address } => Some(mask::email(address)),
            Credential::Phone { number, .. } => Some(mask::phone(number)),
            Credential::Push { device, .. } => device.as_ref().map(|device| device.name.clone()),
            Credential::RecoveryCode { .. } | Credential::Totp { .. } => None,
        }
    }
}

/// What an authenticator is checked against.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An e-mail address to which codes go.
    Email {
        /// As it was given.
        address: String,
    },
    /// A phone to which codes go.
    Phone {
        /// E.164.
        number: String,
        /// How it is reached.
        reach: PhoneReach,
    },
    /// The Guardian app on a phone.
    Push {
        /// The phone; none until it has scanned the QR code.
        device: Option<Box<PushDevice>>,
        /// The id of the authenticator app that comes with it: both live and die together.
        totp: String,
    },
    /// The recovery code; only its digest is known.
    RecoveryCode {
        /// Of the code in capitals, without separators.
        digest: Digest,
        /// The id of the authenticator that it was given with: whose confirmation makes it good. None where it was made by
        /// itself.
        came_with: Option<String>,
    },
    /// An authenticator app (RFC 6238: SHA-1, 6 digits, 30 seconds).
    Totp {
        /// The shared secret, base32 without padding. Sealed at rest.
        secret: SecretString,
        /// The last time step that was accepted; it and all before it are refused.
        last_step: Option<u64>,
        /// The id of the push enrolment that it came with.
        push: Option<String>,
    },
}

impl Credential {
    /// A fresh authenticator app with this secret.
    #[must_use]
    pub const fn totp(secret: SecretString) -> Self {
        Self::Totp { secret, last_step: None, push: None }
    }

    /// What the id of such an authenticator begins with in the store and in the Management API.
    #[must_use]
    pub const fn prefix(&self) -> &'static str {
        match self {
            Self::Email { .. } => "email",
            Self::Phone { .. } => "phone",
            Self::Push { .. } => "push",
            Self::RecoveryCode { .. } => "recovery-code",
            Self::Totp { .. } => "totp",
        }
    }

    /// The factor it is.
    #[must_use]
    pub const fn factor(&self) -> FactorType {
        match self {
            Self::Email { .. } => FactorType::Email,
            Self::Phone { .. } => FactorType::Phone,
            Self::Push { .. } => FactorType::PushNotification,
            Self::RecoveryCode { .. } => FactorType::RecoveryCode,
            Self::Totp { .. } => FactorType::Otp,
        }
    }

    /// The authenticator that lives and dies with it: the app of a push enrolment, or the reverse.
    #[must_use]
    pub fn twin(&self) -> Option<&str> {
        match self {
            Self::Push { totp, .. } => Some(totp),
            Self::Totp { push, .. } => push.as_deref(),
            Self::Email { .. } | Self::Phone { .. } | Self::RecoveryCode { .. } => None,
        }
    }
}

/// A way to reach a phone with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhoneChannel {
    /// A text message.
    Sms,
    /// A call that reads the code out.
    Voice,
}

impl PhoneChannel {
    /// Both, in the order in which they are listed.
    pub const ALL: [Self; 2] = [Self::Sms, Self::Voice];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Sms => Self::Voice,
            Self::Voice => Self::Sms,
        }
    }

    /// The word on the wire, in the configuration and in ids.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }

    /// The channel that `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == word)
    }
}

impl From<PhoneChannel> for OobChannel {
    fn from(channel: PhoneChannel) -> Self {
        match channel {
            PhoneChannel::Sms => Self::Sms,
            PhoneChannel::Voice => Self::Voice,
        }
    }
}

/// How one phone is reached: by one channel, or by both with one preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneReach {
    /// The channel that is used where nothing else is asked for: `preferred_authentication_method`.
    pub preferred: PhoneChannel,
    /// Whether the other one may be used too.
    pub both: bool,
}

impl PhoneReach {
    /// By `channel` alone.
    #[must_use]
    pub const fn only(channel: PhoneChannel) -> Self {
        Self { preferred: channel, both: false }
    }

    /// Whether `channel` may be used.
    #[must_use]
    pub fn has(self, channel: PhoneChannel) -> bool {
        self.both || self.preferred == channel
    }

    /// Its channels in the order in which they are listed.
    pub fn channels(self) -> impl Iterator<Item = PhoneChannel> {
        PhoneChannel::ALL.into_iter().filter(move |&channel| self.has(channel))
    }
}

/// The phone of a push enrolment.
#[derive(Clone, Debug)]
pub struct PushDevice {
    /// What the app calls the device; `iss` of what it signs.
    pub identifier: String,
    /// What people call it.
    pub name: String,
    /// How notifications reach it; none where the app gave nothing.
    pub push: Option<PushCredentials>,
    /// The public key with which its answers are verified, as a JWK.
    pub public_key: Value,
    /// The digest of the token with which the app manages its enrolment.
    pub token: Digest,
}

/// How notifications reach an app.
#[derive(Clone, Debug)]
pub struct PushCredentials {
    /// `GCM` or `APNS`.
    pub service: String,
    /// The app's address there. Sealed at rest.
    pub token: SecretString,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_reached_by_what_it_was_enrolled_for() {
        let both = PhoneReach { preferred: PhoneChannel::Voice, both: true };
        assert_eq!(both.channels().collect::<Vec<_>>(), [PhoneChannel::Sms, PhoneChannel::Voice]);
        let only = PhoneReach::only(PhoneChannel::Voice);
        assert_eq!(only.channels().collect::<Vec<_>>(), [PhoneChannel::Voice]);
        assert!(!only.has(PhoneChannel::Sms));
    }
}
