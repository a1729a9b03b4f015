//! What can be wrong with a code that a user typed, and the words for it.

/// Why a code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// The right code of an app, but used already: each code works once (RFC 6238 section 5.2).
    AlreadyUsed,
    /// Not the shape of a code.
    Malformed,
    /// The field was empty.
    Missing,
    /// Attempts are used up for a while; a right code is refused too.
    TooManyFailures,
    /// The shape is right, the code is not.
    Wrong,
}

impl CodeProblem {
    /// What to tell somebody who typed the six digits of an authenticator app.
    #[must_use]
    pub const fn of_otp(self) -> &'static str {
        match self {
            Self::AlreadyUsed => {
                "That code was used already. Wait until your app shows the next one, then enter it."
            }
            Self::Malformed => "A code has 6 digits. Check the one that your app shows and enter it again.",
            Self::Missing => "Enter the 6-digit code that your app shows.",
            Self::TooManyFailures => "Too many failed codes. Wait for some minutes before retrying.",
            Self::Wrong => {
                "That code is not right. It changes every 30 seconds: enter the one that your app shows now."
            }
        }
    }

    /// What to tell somebody who typed a recovery code.
    #[must_use]
    pub const fn of_recovery_code(self) -> &'static str {
        match self {
            Self::AlreadyUsed => {
                "That recovery code was used already. Enter the newest one that you were given."
            }
            Self::Malformed => "A recovery code has 24 letters and digits. Check yours and enter it again.",
            Self::Missing => "Enter your recovery code.",
            Self::TooManyFailures => "Too many failed codes. Wait for some minutes before retrying.",
            Self::Wrong => "That recovery code is not right. Check each character and enter it again.",
        }
    }
}
