//! What can be wrong with what a user typed, and the words for it.

use std::time::Duration;

use crate::passwords::policy::Refusal;

/// What an alert says: words for the person, and a key for programs (`data-error-code`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The key, for example `invalid-code`.
    pub code: &'static str,
    /// The words.
    pub text: &'static str,
}

impl Alert {
    const fn new(code: &'static str, text: &'static str) -> Self {
        Self { code, text }
    }
}

/// What to tell somebody who may not have the password that they chose.
pub(super) const fn password_alert(refusal: Refusal) -> Alert {
    match refusal {
        Refusal::Common => Alert::new(
            "password-too-common",
            "Many people use that password, so it is among the first to be tried. Choose another.",
        ),
        Refusal::Personal => Alert::new(
            "password-contains-user-information",
            "That password has a part of your name or email address in it. Choose one that nobody can tell from them.",
        ),
        Refusal::Used => Alert::new(
            "password-previously-used",
            "You have had that password before. Choose one that you have not used here yet.",
        ),
        Refusal::Weak => Alert::new(
            "password-policy-not-conformant",
            "That password is too easy to guess. Look at the list below it, and choose another.",
        ),
    }
}

/// Why a code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// The right code, but used already: each code works once (RFC 6238 section 5.2).
    AlreadyUsed,
    /// The code that was sent has run out, or another took its place.
    Expired,
    /// Not the shape of a code.
    Malformed,
    /// The field was empty.
    Missing,
    /// Attempts are used up for so long; a right code is refused too.
    TooManyFailures(Duration),
    /// The shape is right, the code is not.
    Wrong,
}

const TOO_MANY_FAILURES: Alert =
    Alert::new("too-many-failures", "Too many failed codes. Wait for some minutes before retrying.");

impl CodeProblem {
    /// What to tell somebody who typed the six digits of an authenticator app.
    #[must_use]
    pub const fn of_otp(self) -> Alert {
        match self {
            Self::AlreadyUsed => Alert::new(
                "invalid-code",
                "That code was used already. Wait until your app shows the next one, then enter it.",
            ),
            Self::Malformed => Alert::new(
                "invalid-otp-code-format",
                "A code has 6 digits. Check the one that your app shows and enter it again.",
            ),
            Self::Missing => Alert::new("no-code", "Enter the 6-digit code that your app shows."),
            Self::TooManyFailures(_) => TOO_MANY_FAILURES,
            Self::Expired | Self::Wrong => Alert::new(
                "invalid-code",
                "That code is not right. It changes every 30 seconds: enter the one that your app shows now.",
            ),
        }
    }

    /// What to tell somebody who typed a code that was sent to them.
    #[must_use]
    pub const fn of_sent_code(self) -> Alert {
        match self {
            Self::AlreadyUsed => Alert::new(
                "invalid-code",
                "That code was used already. Each code works once: ask for a new one.",
            ),
            Self::Expired => Alert::new("transaction-not-found", "That code has run out. Ask for a new one."),
            Self::Malformed => Alert::new(
                "invalid-otp-code-format",
                "A code has 6 digits. Check the one that we sent you and enter it again.",
            ),
            Self::Missing => Alert::new("no-code", "Enter the 6-digit code that we sent you."),
            Self::TooManyFailures(_) => TOO_MANY_FAILURES,
            Self::Wrong => Alert::new(
                "invalid-code",
                "That code is not right. Check the newest message from us and enter its code again.",
            ),
        }
    }

    /// What to tell somebody who typed a recovery code.
    #[must_use]
    pub const fn of_recovery_code(self) -> Alert {
        match self {
            Self::AlreadyUsed => Alert::new(
                "invalid-code",
                "That recovery code was used already. Enter the newest one that you were given.",
            ),
            Self::Malformed => Alert::new(
                "invalid-code-format",
                "A recovery code has 24 letters and digits. Check yours and enter it again.",
            ),
            Self::Missing => Alert::new("no-code", "Enter your recovery code."),
            Self::TooManyFailures(_) => TOO_MANY_FAILURES,
            Self::Expired | Self::Wrong => Alert::new(
                "invalid-code",
                "That recovery code is not right. Check each character and enter it again.",
            ),
        }
    }
}

/// Why nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendProblem {
    /// Whoever carries the message did not take it.
    Failed,
    /// The last message is too fresh, for so long.
    TooSoon(Duration),
    /// Too many were sent: the next one goes after so long.
    TooMany(Duration),
}

impl SendProblem {
    /// What to tell somebody who waits for a message by `channel`.
    #[must_use]
    pub const fn of(self, channel: Channel) -> Alert {
        match (self, channel) {
            (Self::Failed, Channel::Sms) => Alert::new(
                "send-sms-failed",
                "The text message could not be sent. Check the number, or try another way.",
            ),
            (Self::Failed, Channel::Voice) => Alert::new(
                "send-voice-failed",
                "The call could not be made. Check the number, or try another way.",
            ),
            (Self::Failed, Channel::Email) => Alert::new(
                "send-email-failed",
                "The email could not be sent. Try again in a moment, or try another way.",
            ),
            (Self::TooSoon(_), _) => Alert::new(
                "send-too-soon",
                "We have just sent you a code. It can take a moment to arrive: wait a little before you ask for another.",
            ),
            (Self::TooMany(_), Channel::Sms) => Alert::new(
                "too-many-sms",
                "Too many text messages were sent. Try another way, or come back in an hour.",
            ),
            (Self::TooMany(_), Channel::Voice) => Alert::new(
                "too-many-voice",
                "Too many calls were made. Try another way, or come back in an hour.",
            ),
            (Self::TooMany(_), Channel::Email) => Alert::new(
                "too-many-email",
                "Too many emails were sent. Try another way, or come back in an hour.",
            ),
        }
    }
}

impl SendProblem {
    /// What to tell somebody who waits for an e-mail and has no other way.
    #[must_use]
    pub const fn of_the_only_email(self) -> Alert {
        match self {
            Self::Failed => {
                Alert::new("send-email-failed", "The email could not be sent. Try again in a moment.")
            }
            Self::TooMany(_) => {
                Alert::new("too-many-email", "Too many emails were sent. Come back in an hour.")
            }
            Self::TooSoon(_) => self.of(Channel::Email),
        }
    }
}

/// How a code is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// By e-mail.
    Email,
    /// As a text message.
    Sms,
    /// In a call.
    Voice,
}

impl Channel {
    /// Its word in addresses and form values.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }
}

/// What is wrong with a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneProblem {
    /// The field was empty.
    Missing,
    /// Not a number that can be called from everywhere.
    Malformed,
    /// The message could not be sent.
    Send(SendProblem, Channel),
}

impl PhoneProblem {
    pub(super) const fn alert(self) -> Alert {
        match self {
            Self::Missing => Alert::new("no-phone", "Enter your phone number."),
            Self::Malformed => Alert::new(
                "invalid-phone-format",
                "That is not a phone number with a country code. It begins with + and the code of your country, for example +44 20 7946 0958.",
            ),
            Self::Send(problem, channel) => problem.of(channel),
        }
    }
}

/// What is wrong with an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailProblem {
    /// The field was empty.
    Missing,
    /// Not an address.
    Malformed,
    /// The message could not be sent.
    Send(SendProblem),
}

impl EmailProblem {
    pub(super) const fn alert(self) -> Alert {
        match self {
            Self::Missing => Alert::new("no-email", "Enter your email address."),
            Self::Malformed => Alert::new(
                "invalid-email-format",
                "That is not an email address. It looks like name@example.com.",
            ),
            Self::Send(problem) => problem.of(Channel::Email),
        }
    }
}
