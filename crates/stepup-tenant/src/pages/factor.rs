//! The words and the picture for each factor, the same wherever a user chooses among them.

use stepup_protocol::mfa::FactorType;

/// A row in a list of factors: a button `name="action"` whose value is the factor's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The button's value: `otp`, `phone`, `email`, `push-notification`, `recovery-code`, …
    pub value: &'static str,
    /// What the factor is called.
    pub name: &'static str,
    /// One sentence about what happens on the next page.
    pub hint: &'static str,
}

/// The row that offers to enrol `factor`.
#[must_use]
pub const fn to_enroll(factor: FactorType) -> Choice {
    let (name, hint) = match factor {
        FactorType::Email => ("E-mail", "We send a code to your address at each login."),
        FactorType::Otp => {
            ("Authenticator app", "An app on your phone shows a code. It works without a network.")
        }
        FactorType::Phone => ("Phone", "We send a code as a text message, or read it out in a call."),
        FactorType::PushNotification => ("Notification", "Your phone asks you, and you tap Allow."),
        FactorType::RecoveryCode => ("Recovery code", "A code to keep for the day you lose your device."),
        FactorType::WebauthnPlatform => ("This device", "Your fingerprint, your face or the device's PIN."),
        FactorType::WebauthnRoaming => ("Security key", "A key that you plug in or hold to your device."),
        _ => (factor.as_str(), ""),
    };
    Choice { value: factor.as_str(), name, hint }
}

/// The row that offers to prove oneself with `factor`.
#[must_use]
pub const fn to_challenge(factor: FactorType) -> Choice {
    let (name, hint) = match factor {
        FactorType::Email => ("E-mail", "We send a code to your address."),
        FactorType::Otp => ("Authenticator app", "Enter the code that your app shows."),
        FactorType::Phone => ("Phone", "We send a code to your phone."),
        FactorType::PushNotification => ("Notification", "Tap Allow on your phone."),
        FactorType::RecoveryCode => ("Recovery code", "Use the code that you kept. It works once."),
        FactorType::WebauthnPlatform => ("This device", "Your fingerprint, your face or the device's PIN."),
        FactorType::WebauthnRoaming => ("Security key", "Plug in your key or hold it to your device."),
        _ => (factor.as_str(), ""),
    };
    Choice { value: factor.as_str(), name, hint }
}
