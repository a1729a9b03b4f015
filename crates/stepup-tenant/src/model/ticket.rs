//! Tickets: what a mailed or handed-out link lets its holder do, once.

use serde::{Deserialize, Serialize};
use stepup_protocol::{mfa::FactorType, time::UnixTime};

/// A ticket. Its 32 characters are with its holder; the store knows their digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Whose account it is about.
    pub user_id: String,
    /// What it is good for.
    pub purpose: TicketPurpose,
    /// When it was issued.
    pub created_at: UnixTime,
    /// Not good any more from then on.
    pub expires_at: UnixTime,
}

/// What a ticket is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketPurpose {
    /// To say that this e-mail address is the user's, as long as it still is the one of the profile.
    EmailVerification {
        /// The address that the link was sent to.
        email: String,
    },
    /// To enrol a factor without logging in to an application.
    Enrollment {
        /// This one only; none: whichever is enabled.
        factor: Option<FactorType>,
        /// Whether it works for a user who has factors already.
        allow_multiple: bool,
    },
    /// To choose a new password.
    PasswordReset {
        /// The client that the user came from, to be led back to.
        client_id: Option<String>,
        /// Whether using it proves the address that it was mailed to.
        verifies_email: bool,
    },
}

impl Ticket {
    /// Whether it is over at `now`.
    #[must_use]
    pub fn expired(&self, now: UnixTime) -> bool {
        now >= self.expires_at
    }
}
