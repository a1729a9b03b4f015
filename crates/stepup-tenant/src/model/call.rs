//! A call that the tenant owes somebody.

use secrecy::SecretString;
use stepup_protocol::time::UnixTime;

use super::LogEvent;

/// An HTTP `POST` that is to be made at least once.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its id, the `Idempotency-Key` of every attempt.
    pub id: String,
    /// Where to.
    pub url: String,
    /// `Content-Type` of the body.
    pub content_type: String,
    /// What is said; it may hold a code or a token. Sealed at rest.
    pub body: SecretString,
    /// What to sign it with ([`crate::outbound::signature`]); none: no signature. Sealed at rest.
    pub secret: Option<SecretString>,
    /// Whether its id is that of a message in the inbox, which says why as long as nobody has taken it.
    pub is_message: bool,
    /// When it is of no use any more.
    pub deadline: UnixTime,
    /// What the tenant log says once it was taken, if anything; its date is of no matter.
    pub succeeded: Option<LogEvent>,
    /// What it says once it was given up.
    pub failed: Option<LogEvent>,
}
