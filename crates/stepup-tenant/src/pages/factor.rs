//! The words and the picture for each factor, the same wherever a user chooses among them.

use std::borrow::Cow;

use stepup_protocol::mfa::FactorType;

/// A row in a list of factors: a button `name="action"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice<'a> {
    /// The button's value.
    pub(super) value: &'a str,
    /// Which picture.
    pub(super) icon: &'static str,
    /// What the factor is called.
    pub(super) name: &'static str,
    /// One sentence about what happens on the next page.
    pub(super) hint: Cow<'a, str>,
}

/// One way to prove oneself: an authenticator, and how it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way<'a> {
    /// The button's value: `otp`, `phone`, `voice`, `email`, `push-notification`, `recovery-code`, or the authenticator's id
    /// where there are several of one kind.
    pub value: &'a str,
    /// What it is.
    pub kind: WayKind,
    /// Which one, where that says something: a masked number or address, the name of a phone.
    pub detail: &'a str,
}

/// Kinds of ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayKind {
    /// A code by e-mail.
    Email,
    /// A code of an authenticator app.
    Otp,
    /// A notification.
    Push,
    /// The recovery code.
    RecoveryCode,
    /// A code in a text message.
    Sms,
    /// A code in a call.
    Voice,
}

/// The row that offers to enrol `factor`; its value is the factor's word.
pub(super) const fn to_enroll(factor: FactorType) -> Choice<'static> {
    let (name, hint) = match factor {
        FactorType::Email => ("Email", "We send a code to your address when you log in."),
        FactorType::Otp => {
            ("Authenticator app", "An app on your phone shows a code. It works without a network.")
        }
        FactorType::Phone => ("Phone", "We send a code in a text message, or read it out in a call."),
        FactorType::PushNotification => ("Notification", "Your phone asks you, and you tap Allow."),
        FactorType::RecoveryCode => ("Recovery code", "A code to keep for the day you lose your device."),
        FactorType::WebauthnPlatform => ("This device", "Your fingerprint, your face or the device's PIN."),
        FactorType::WebauthnRoaming => ("Security key", "A key that you plug in or hold to your device."),
        _ => (factor.as_str(), ""),
    };
    Choice { value: factor.as_str(), icon: factor.as_str(), name, hint: Cow::Borrowed(hint) }
}

/// The row that offers to prove oneself in one way.
pub(super) fn to_challenge(way: Way<'_>) -> Choice<'_> {
    let (icon, name, hint, which) = match way.kind {
        WayKind::Email => ("email", "Email", "We send a code to your address.", "We send a code to "),
        WayKind::Otp => ("otp", "Authenticator app", "Enter the code that your app shows.", "The app that "),
        WayKind::Push => ("push-notification", "Notification", "Tap Allow on your phone.", "Tap Allow on "),
        WayKind::RecoveryCode => {
            ("recovery-code", "Recovery code", "Use the code that you kept. It works once.", "")
        }
        WayKind::Sms => ("phone", "Text message", "We send a code to your phone.", "We send a code to "),
        WayKind::Voice => {
            ("voice", "Phone call", "We call you and read out a code.", "We read out a code to ")
        }
    };
    let hint = if way.detail.is_empty() { hint.into() } else { format!("{which}{}.", way.detail).into() };
    Choice { value: way.value, icon, name, hint }
}
