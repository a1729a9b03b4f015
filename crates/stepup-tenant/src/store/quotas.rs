//! How often something was called, where that is limited.

use stepup_protocol::time::UnixTime;

use super::Stored;

/// Counts calls in stretches of time.
pub trait Quotas: Send + Sync {
    /// Counts one call of `subject` in the stretch that began at `began_at`, and returns how many there were, this one
    /// included.
    ///
    /// # Errors
    /// The store failed.
    fn count_in_quota<'a>(&'a self, subject: &'a str, began_at: UnixTime) -> Stored<'a, u32>;
}
