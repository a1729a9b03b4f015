//! What a caller asks for: an enrolment, a challenge.

use serde::Serialize;
use stepup_protocol::mfa::AuthenticatorType;

use super::error::InvalidRequest;

/// What to enrol: the body of `POST /mfa/associate`.
///
/// ```
/// use stepup::mfa::Enroll;
///
/// let app = Enroll::otp();
/// let phone = Enroll::sms("+12025550123");
/// assert_ne!(app, phone);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Enroll {
    authenticator_types: [AuthenticatorType; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    oob_channels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl Enroll {
    /// An authenticator app: the answer carries the secret and the URI of its QR code.
    #[must_use]
    pub fn otp() -> Self {
        Self {
            authenticator_types: [AuthenticatorType::Otp],
            oob_channels: None,
            phone_number: None,
            email: None,
        }
    }

    /// Codes by text message to `phone_number` (E.164, such as `+12025550123`).
    #[must_use]
    pub fn sms(phone_number: impl Into<String>) -> Self {
        Self { phone_number: Some(phone_number.into()), ..Self::out_of_band(vec!["sms".to_owned()]) }
    }

    /// Codes read out in a call to `phone_number` (E.164).
    #[must_use]
    pub fn voice(phone_number: impl Into<String>) -> Self {
        Self { phone_number: Some(phone_number.into()), ..Self::out_of_band(vec!["voice".to_owned()]) }
    }

    /// Codes by e-mail; without an address, to the user's own. [`email_to`](Self::email_to) takes a text.
    #[must_use]
    pub fn email(address: Option<String>) -> Self {
        Self { email: address, ..Self::out_of_band(vec!["email".to_owned()]) }
    }

    /// Codes by e-mail to `address`.
    #[must_use]
    pub fn email_to(address: impl Into<String>) -> Self {
        Self::email(Some(address.into()))
    }

    /// Push notifications to the Guardian app.
    #[must_use]
    pub fn push() -> Self {
        Self::out_of_band(vec!["auth0".to_owned()])
    }

    /// The enrolment that a form names by `factor`: `otp`, `sms`, `voice`, `email` or `push`.
    ///
    /// ```
    /// use stepup::mfa::Enroll;
    ///
    /// assert_eq!(Enroll::by_name("otp", None, None).unwrap(), Enroll::otp());
    /// assert!(Enroll::by_name("sms", None, None).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// The name is none of these, or the phone number that `sms` and `voice` need is missing.
    pub fn by_name(
        factor: &str,
        phone_number: Option<String>,
        email: Option<String>,
    ) -> Result<Self, InvalidRequest> {
        let phone = || {
            phone_number.filter(|number| !number.is_empty()).ok_or_else(|| {
                InvalidRequest::new(format!("phoneNumber is required for factorType: {factor}"))
            })
        };
        match factor {
            "otp" => Ok(Self::otp()),
            "sms" => Ok(Self::sms(phone()?)),
            "voice" => Ok(Self::voice(phone()?)),
            "email" => Ok(Self::email(email)),
            "push" => Ok(Self::push()),
            other => Err(InvalidRequest::new(format!("Unknown factorType: {other}"))),
        }
    }

    /// For the counts: one of a few words, whatever a route was asked for.
    pub(super) fn factor(&self) -> &'static str {
        match self.oob_channels.as_deref() {
            None => "otp",
            Some([channel]) => channel_word(channel),
            Some(_) => "oob",
        }
    }

    /// An out-of-band enrolment as the routes read it: what the tenant knows, it decides.
    pub(crate) fn out_of_band(channels: Vec<String>) -> Self {
        Self {
            authenticator_types: [AuthenticatorType::Oob],
            oob_channels: Some(channels),
            phone_number: None,
            email: None,
        }
    }

    pub(crate) fn with_contact(self, phone_number: Option<String>, email: Option<String>) -> Self {
        Self { phone_number, email, ..self }
    }
}

/// What to challenge: the body of `POST /mfa/challenge` without the token and the client.
///
/// An authenticator app needs no challenge: go straight to [`Verify::otp`](super::Verify::otp).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub(super) challenge_type: String,
    pub(super) authenticator_id: Option<String>,
}

impl Challenge {
    /// A challenge by authenticator app.
    #[must_use]
    pub fn otp() -> Self {
        Self::of_type("otp")
    }

    /// A challenge by message, call or push.
    #[must_use]
    pub fn oob() -> Self {
        Self::of_type("oob")
    }

    /// The same challenge, to one authenticator; without it the tenant chooses.
    #[must_use]
    pub fn authenticator(self, id: impl Into<String>) -> Self {
        Self { authenticator_id: Some(id.into()), ..self }
    }

    /// For the counts. The id of an authenticator begins with its kind.
    pub(super) fn factor(&self) -> &'static str {
        let kind = self.authenticator_id.as_deref().and_then(|id| id.split_once('|'));
        match (kind, &*self.challenge_type) {
            (_, "otp") => "otp",
            (Some((kind, _)), _) => channel_word(kind),
            (None, _) => "oob",
        }
    }

    pub(crate) fn of_type(challenge_type: impl Into<String>) -> Self {
        Self { challenge_type: challenge_type.into(), authenticator_id: None }
    }
}

fn channel_word(channel: &str) -> &'static str {
    match channel {
        "sms" => "sms",
        "voice" => "voice",
        "email" => "email",
        "auth0" | "push" => "push",
        _ => "oob",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enrolment_writes_only_what_it_has() {
        for (enroll, body) in [
            (Enroll::otp(), r#"{"authenticator_types":["otp"]}"#),
            (
                Enroll::sms("+1555"),
                r#"{"authenticator_types":["oob"],"oob_channels":["sms"],"phone_number":"+1555"}"#,
            ),
            (
                Enroll::voice("+1555"),
                r#"{"authenticator_types":["oob"],"oob_channels":["voice"],"phone_number":"+1555"}"#,
            ),
            (Enroll::email(None), r#"{"authenticator_types":["oob"],"oob_channels":["email"]}"#),
            (
                Enroll::email_to("a@b"),
                r#"{"authenticator_types":["oob"],"oob_channels":["email"],"email":"a@b"}"#,
            ),
            (Enroll::push(), r#"{"authenticator_types":["oob"],"oob_channels":["auth0"]}"#),
        ] {
            assert_eq!(serde_json::to_string(&enroll).unwrap(), body);
        }
    }

    #[test]
    fn a_factor_by_name_becomes_what_the_official_package_makes_of_it() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/fixtures/nextjs-helpers.json")).unwrap();
        for case in vectors["enroll_options"].as_array().unwrap() {
            let text = |name: &str| case["options"][name].as_str().map(str::to_owned);
            let Some(factor) = text("factorType") else { continue };
            match Enroll::by_name(&factor, text("phoneNumber"), text("email")) {
                Ok(enroll) => {
                    let body = serde_json::to_value(&enroll).unwrap();
                    for (ours, theirs) in [
                        ("authenticator_types", "authenticatorTypes"),
                        ("oob_channels", "oobChannels"),
                        ("phone_number", "phoneNumber"),
                        ("email", "email"),
                    ] {
                        assert_eq!(body.get(ours), case["result"].get(theirs), "{case}");
                    }
                }
                Err(error) => assert_eq!(error.to_string(), case["message"], "{case}"),
            }
        }
    }
}
