//! Browsers that users log in with.

use stepup_protocol::time::UnixTime;

use super::Digest;

/// A browser that a user has logged in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    /// The digest of its mark.
    pub device: Digest,
    /// What it called itself.
    pub user_agent: String,
    /// The last login with it.
    pub last_seen_at: UnixTime,
}
