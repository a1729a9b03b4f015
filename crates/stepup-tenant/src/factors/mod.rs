//! What a user can prove a second factor with: one folder a factor, all with the same files, behind one trait.
//!
//! Pages and wire go the same ways: [`enroll`] begins an enrolment, [`challenge`] asks for a factor, [`verify`] judges the
//! answer. [`held`] lists what a user has.
//!
//! To add a factor: a [`Kind`], a folder with its [`Factor`], and its line in [`of`].

mod acceptable;
mod answer;
pub(crate) mod email;
mod enrolment;
mod held;
pub(crate) mod oob;
pub(crate) mod otp;
pub(crate) mod phone;
pub(crate) mod push;
pub(crate) mod recovery_code;
mod sms;
mod transaction;
mod voice;

use futures_util::future::BoxFuture;
use stepup_protocol::mfa::{AuthenticatorType, FactorType, OobChannel};

pub(crate) use self::{
    acceptable::{Acceptable, asks_to_enroll},
    answer::{Answer, Verdict},
    enrolment::{Begun, Ceremony, Details, enroll},
    held::{PREFERRED, by_preference, enrolled_on_purpose, held, kinds_of, of_user, wire_id},
    phone::is_e164,
    transaction::Transaction,
};
use crate::{config::TenantConfig, model::Authenticator, oauth::error::Failure};

/// A factor with its channel: what a user chooses, and what the prefix of an authenticator's id says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A code by e-mail.
    Email,
    /// An authenticator app.
    Otp,
    /// A question on a phone with the Guardian app.
    Push,
    /// The recovery code.
    RecoveryCode,
    /// A code by text message.
    Sms,
    /// A code read out in a call.
    Voice,
}

impl Kind {
    /// The factor it belongs to.
    pub(crate) const fn factor(self) -> FactorType {
        match self {
            Self::Email => FactorType::Email,
            Self::Otp => FactorType::Otp,
            Self::Push => FactorType::PushNotification,
            Self::RecoveryCode => FactorType::RecoveryCode,
            Self::Sms | Self::Voice => FactorType::Phone,
        }
    }

    /// What ids of its authenticators begin with in the MFA API.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Otp => "totp",
            Self::Push => "push",
            Self::RecoveryCode => "recovery-code",
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }

    /// How it is used on the wire.
    pub(crate) const fn authenticator_type(self) -> AuthenticatorType {
        match self {
            Self::Email | Self::Push | Self::Sms | Self::Voice => AuthenticatorType::Oob,
            Self::Otp => AuthenticatorType::Otp,
            Self::RecoveryCode => AuthenticatorType::RecoveryCode,
        }
    }

    /// Where it reaches the user, if out of band.
    pub(crate) const fn channel(self) -> Option<OobChannel> {
        match self {
            Self::Email => Some(OobChannel::Email),
            Self::Otp | Self::RecoveryCode => None,
            Self::Push => Some(OobChannel::Auth0),
            Self::Sms => Some(OobChannel::Sms),
            Self::Voice => Some(OobChannel::Voice),
        }
    }

    /// The kind that is reached over `channel`.
    pub(crate) fn of_channel(channel: OobChannel) -> Option<Self> {
        [Self::Email, Self::Push, Self::Sms, Self::Voice]
            .into_iter()
            .find(|kind| kind.channel() == Some(channel))
    }

    /// The prefixes of those that a user can enrol and the tenant has on: so the store tells what still counts.
    pub(crate) fn usable(config: &TenantConfig) -> Vec<&'static str> {
        [Self::Email, Self::Otp, Self::Push, Self::Sms, Self::Voice]
            .into_iter()
            .filter(|kind| kind.enabled(config))
            .map(Self::prefix)
            .collect()
    }

    /// Whether the tenant has it on.
    pub(crate) fn enabled(self, config: &TenantConfig) -> bool {
        config.factors.enabled(self.factor())
            && match self {
                Self::Sms => config.mfa.message_types.sms,
                Self::Voice => config.mfa.message_types.voice,
                Self::Email | Self::Otp | Self::Push | Self::RecoveryCode => true,
            }
    }
}

/// What every factor does.
pub(crate) trait Factor: Send + Sync {
    /// Begins an enrolment: makes the pending authenticator and says what its user has to do.
    ///
    /// # Errors
    /// The details are not good, too much was sent, or the tenant failed.
    fn enroll<'a>(
        &'a self,
        transaction: &'a Transaction<'a>,
        details: Details<'a>,
    ) -> BoxFuture<'a, Result<Begun, Failure>>;

    /// Asks for one of the user's authenticators: sends what has to be sent.
    ///
    /// # Errors
    /// Too much was sent, or the tenant failed.
    fn challenge<'a>(
        &'a self,
        transaction: &'a Transaction<'a>,
        authenticator: &'a Authenticator,
    ) -> BoxFuture<'a, Result<Challenged, Failure>>;

    /// Judges an answer, which is spent if it is right, and with it the `mfa_token` of the transaction.
    ///
    /// # Errors
    /// The tenant failed.
    fn verify<'a>(
        &'a self,
        transaction: &'a Transaction<'a>,
        answer: Answer<'a>,
    ) -> BoxFuture<'a, Result<Verdict, Failure>>;

    /// The pages on which it is enrolled and asked for.
    fn pages(&self) -> Pages;
}

/// The addresses of a factor's pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pages {
    /// Where it is enrolled.
    pub(crate) enroll: &'static str,
    /// Where it is asked for.
    pub(crate) challenge: &'static str,
}

/// What is asked for, and how the answer names it.
#[derive(Debug)]
pub(crate) enum Challenged {
    /// Something that the user has at hand: nothing was sent.
    AtHand,
    /// Something was sent.
    Sent {
        /// What the verification must carry.
        oob_code: secrecy::SecretString,
        /// Whether the user types a code; else the device answers by itself.
        prompt: bool,
    },
}

/// The factor of a kind.
pub(crate) fn of(kind: Kind) -> &'static dyn Factor {
    match kind {
        Kind::Email => &email::Email,
        Kind::Otp => &otp::Otp,
        Kind::Push => &push::Push,
        Kind::RecoveryCode => &recovery_code::RecoveryCode,
        Kind::Sms => &sms::Sms,
        Kind::Voice => &voice::Voice,
    }
}

/// Asks for `authenticator` by way of `kind`, which must be one of [`kinds_of`] it.
///
/// # Errors
/// Too much was sent, it could not be sent, or the store failed.
pub(crate) async fn challenge(
    transaction: &Transaction<'_>,
    kind: Kind,
    authenticator: &Authenticator,
) -> Result<Challenged, Failure> {
    let challenged = of(kind).challenge(transaction, authenticator).await?;
    transaction.log("gd_start_auth", wire_id(authenticator, kind)).await;
    Ok(challenged)
}

/// Judges what the user answered.
///
/// # Errors
/// The store failed.
pub(crate) async fn verify(transaction: &Transaction<'_>, answer: Answer<'_>) -> Result<Verdict, Failure> {
    let kind = match &answer {
        Answer::App { .. } => Kind::Otp,
        Answer::Oob { sent, .. } => match Kind::of_channel(sent.channel) {
            Some(kind) => kind,
            None => return Ok(Verdict::Wrong),
        },
        Answer::RecoveryCode { .. } => Kind::RecoveryCode,
    };
    of(kind).verify(transaction, answer).await
}
