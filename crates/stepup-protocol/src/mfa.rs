//! The MFA API: authenticators, enrolment, challenge, requirements.
//!
//! Two vocabularies meet here. An *authenticator type* with an *out-of-band channel* says how an authenticator
//! works on the wire (`oob` over `sms`); a *factor type* is the word that Actions and requirements use (`phone`).
//! [`FactorType::of`] and [`FactorType::accepts`] are the only places that map one to the other.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

/// How an authenticator is used: `otp`, `oob` or `recovery-code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AuthenticatorType {
    /// Out of band: a code or a question sent to another device.
    #[serde(rename = "oob")]
    Oob,
    /// A one-time code from an authenticator app (RFC 6238).
    #[serde(rename = "otp")]
    Otp,
    /// The single-use code kept for the day everything else is lost.
    #[serde(rename = "recovery-code")]
    RecoveryCode,
}

impl AuthenticatorType {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oob => "oob",
            Self::Otp => "otp",
            Self::RecoveryCode => "recovery-code",
        }
    }
}

/// Where an out-of-band authenticator reaches the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OobChannel {
    /// A push notification to the Guardian app. The wire calls it `auth0`.
    Auth0,
    /// A code by e-mail.
    Email,
    /// A code by text message.
    Sms,
    /// A code read out in a call.
    Voice,
}

impl OobChannel {
    /// Every channel that is known here.
    pub const ALL: [Self; 4] = [Self::Auth0, Self::Email, Self::Sms, Self::Voice];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth0 => "auth0",
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }
}

/// A factor as Actions, requirements and the `type` member of an authenticator name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FactorType {
    /// A code by e-mail.
    Email,
    /// An authenticator app.
    Otp,
    /// A code by text message or voice call.
    Phone,
    /// A push notification.
    PushNotification,
    /// The recovery code.
    RecoveryCode,
    /// A platform authenticator of this device; completed on pages only.
    WebauthnPlatform,
    /// A security key; completed on pages only.
    WebauthnRoaming,
}

impl FactorType {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Otp => "otp",
            Self::Phone => "phone",
            Self::PushNotification => "push-notification",
            Self::RecoveryCode => "recovery-code",
            Self::WebauthnPlatform => "webauthn-platform",
            Self::WebauthnRoaming => "webauthn-roaming",
        }
    }

    /// The factor that `word` names, with the aliases seen in the wild (`push`, `auth0`, `sms`, `voice`, `totp`).
    ///
    /// `oob` names several factors and is therefore no factor: see [`FactorType::accepts`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "email" => Self::Email,
            "otp" | "totp" => Self::Otp,
            "phone" | "sms" | "voice" => Self::Phone,
            "push-notification" | "push" | "auth0" => Self::PushNotification,
            "recovery-code" => Self::RecoveryCode,
            "webauthn-platform" => Self::WebauthnPlatform,
            "webauthn-roaming" => Self::WebauthnRoaming,
            _ => return None,
        })
    }

    /// The factor that an authenticator of this type and channel is.
    #[must_use]
    pub fn of(authenticator: AuthenticatorType, channel: Option<OobChannel>) -> Option<Self> {
        Some(match (authenticator, channel) {
            (AuthenticatorType::Otp, _) => Self::Otp,
            (AuthenticatorType::RecoveryCode, _) => Self::RecoveryCode,
            (AuthenticatorType::Oob, Some(OobChannel::Sms | OobChannel::Voice)) => Self::Phone,
            (AuthenticatorType::Oob, Some(OobChannel::Email)) => Self::Email,
            (AuthenticatorType::Oob, Some(OobChannel::Auth0)) => Self::PushNotification,
            (AuthenticatorType::Oob, None) => return None,
        })
    }

    /// Whether a requirement that says `word` is met by this factor.
    #[must_use]
    pub fn accepts(self, word: &str) -> bool {
        let out_of_band = matches!(self, Self::Email | Self::Phone | Self::PushNotification);
        (out_of_band && word.eq_ignore_ascii_case("oob")) || Self::parse(word) == Some(self)
    }
}

impl std::fmt::Display for FactorType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One entry of [`MfaRequirements`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RequiredFactor {
    /// Usually the word of a [`FactorType`]; unknown words are kept as they are.
    #[serde(rename = "type")]
    pub kind: String,
}

impl From<FactorType> for RequiredFactor {
    fn from(factor: FactorType) -> Self {
        Self { kind: factor.as_str().to_owned() }
    }
}

/// What an Action demands: a challenge by one of the listed factors, or an enrolment of one of them.
///
/// A tenant sends one of the two; both are kept if both come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MfaRequirements {
    /// Factors of which one must be challenged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Vec<RequiredFactor>>,
    /// Factors of which one must be enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enroll: Option<Vec<RequiredFactor>>,
}

/// An entry of `GET /mfa/authenticators`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Authenticator {
    /// `{prefix}|dev_{16 characters}`.
    pub id: String,
    /// How it is used.
    pub authenticator_type: AuthenticatorType,
    /// Whether its enrolment was confirmed.
    pub active: bool,
    /// Where it reaches the user, for `oob`; absent too where the tenant names a channel that is not known here.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known_channel")]
    pub oob_channel: Option<OobChannel>,
    /// Masked phone or address, or the device's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The phone number, where the tenant tells it beside the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// When it was enrolled, as the tenant writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it was used last, as the tenant writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_authenticated_at: Option<String>,
    /// The factor it is, in the words of requirements. Some tenants leave it out: use [`Authenticator::factor`].
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

fn known_channel<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OobChannel>, D::Error> {
    let word = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    Ok(word.and_then(|word| OobChannel::ALL.into_iter().find(|channel| channel.as_str() == word)))
}

impl Authenticator {
    /// The factor it is, from `type` if the tenant sent one that is known, else from type and channel.
    #[must_use]
    pub fn factor(&self) -> Option<FactorType> {
        self.kind
            .as_deref()
            .and_then(FactorType::parse)
            .or_else(|| FactorType::of(self.authenticator_type, self.oob_channel))
    }
}

/// The answer of `POST /mfa/associate`. Holds enrolment secrets, so it prints none of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssociateResponse {
    /// `otp` or `oob`.
    pub authenticator_type: AuthenticatorType,
    /// The authenticator's id, where the tenant tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `otp`: the shared secret, base32 without padding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// `otp` and push: what to put into the QR code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barcode_uri: Option<String>,
    /// `prompt` where the user types the code that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding_method: Option<String>,
    /// `oob`: the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oob_channel: Option<OobChannel>,
    /// Masked phone or address, where the tenant tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `oob`: what the verification must carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oob_code: Option<String>,
    /// The recovery code, on the first enrolment only; shown to the user once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_codes: Option<Vec<String>>,
}

impl std::fmt::Debug for AssociateResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AssociateResponse")
            .field("authenticator_type", &self.authenticator_type)
            .field("id", &self.id)
            .field("binding_method", &self.binding_method)
            .field("oob_channel", &self.oob_channel)
            .finish_non_exhaustive()
    }
}

/// The answer of `POST /mfa/challenge`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeResponse {
    /// `otp` or `oob`.
    pub challenge_type: AuthenticatorType,
    /// `oob`: what the verification must carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oob_code: Option<String>,
    /// `prompt` where the user types the code that was sent; absent for a push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding_method: Option<String>,
}

impl std::fmt::Debug for ChallengeResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ChallengeResponse")
            .field("challenge_type", &self.challenge_type)
            .field("binding_method", &self.binding_method)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authenticator_without_a_type_is_still_a_factor() {
        let listed = r#"{"id":"sms|dev_klnv5yshzzoosSUm","authenticator_type":"oob","active":false,"oob_channel":"sms","name":"XXXXXXXXX9167"}"#;
        let authenticator: Authenticator = serde_json::from_str(listed).unwrap();
        assert_eq!(authenticator.factor(), Some(FactorType::Phone));
        assert_eq!(serde_json::to_string(&authenticator).unwrap(), listed);
    }

    #[test]
    fn an_authenticator_with_a_channel_of_tomorrow_is_still_listed() {
        let listed = r#"{"id":"x|dev_1","authenticator_type":"oob","active":true,"oob_channel":"pigeon","created_at":"2026-01-02"}"#;
        let authenticator: Authenticator = serde_json::from_str(listed).unwrap();
        assert_eq!((authenticator.oob_channel, authenticator.factor()), (None, None));
        assert_eq!(authenticator.created_at.as_deref(), Some("2026-01-02"));
    }

    #[test]
    fn requirements_are_met_by_meaning() {
        for (factor, words) in [
            (FactorType::Otp, &["otp", "totp", "OTP"][..]),
            (FactorType::Phone, &["phone", "sms", "voice", "oob"]),
            (FactorType::Email, &["email", "oob"]),
            (FactorType::PushNotification, &["push-notification", "push", "auth0", "oob"]),
            (FactorType::RecoveryCode, &["recovery-code"]),
        ] {
            assert!(words.iter().all(|word| factor.accepts(word)), "{factor}");
            assert!(!factor.accepts("carrier-pigeon"), "{factor}");
        }
        assert!(!FactorType::Otp.accepts("oob"));
        assert!(!FactorType::RecoveryCode.accepts("oob"));
    }

    #[test]
    fn every_word_parses_to_its_factor() {
        for factor in [
            FactorType::Email,
            FactorType::Otp,
            FactorType::Phone,
            FactorType::PushNotification,
            FactorType::RecoveryCode,
            FactorType::WebauthnPlatform,
            FactorType::WebauthnRoaming,
        ] {
            assert_eq!(FactorType::parse(factor.as_str()), Some(factor));
            assert_eq!(serde_json::to_string(&factor).unwrap(), format!("\"{factor}\""));
        }
    }
}
