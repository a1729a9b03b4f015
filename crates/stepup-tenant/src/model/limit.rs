//! Token buckets against guessing.

use std::time::Duration;

/// One bucket of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket<'a> {
    /// What is counted.
    pub kind: BucketKind,
    /// Whose attempts: a user, or a user and an address.
    pub subject: &'a str,
}

/// What a bucket counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BucketKind {
    /// Wrong one-time codes of a user, of whatever factor.
    Code,
    /// E-mails with a code, sent to a user.
    EmailSend,
    /// Wrong passwords of a user from one address.
    Password,
    /// Text messages and calls with a code, to a user.
    PhoneSend,
    /// Questions that a user's phone was asked.
    PushSend,
    /// Wrong recovery codes of a user.
    RecoveryCode,
}

impl BucketKind {
    /// Its name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::EmailSend => "email-send",
            Self::Password => "password",
            Self::PhoneSend => "phone-send",
            Self::PushSend => "push-send",
            Self::RecoveryCode => "recovery-code",
        }
    }
}

/// A bucket with nothing left in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty {
    /// How long until one more attempt is there; whole seconds.
    pub refills_in: Duration,
}

/// How large a bucket is and how fast it fills again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketRule {
    /// Attempts in a full bucket.
    pub size: u32,
    /// Time until one more attempt is there; whole seconds.
    pub refill: Duration,
}
