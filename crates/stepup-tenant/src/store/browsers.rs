//! Browsers that need no second factor for a while.

use std::time::Duration;

use stepup_protocol::time::UnixTime;

use super::Stored;
use crate::model::Digest;

/// How long a remembered browser may go unused.
pub const BROWSER_IDLE: Duration = Duration::from_secs(7 * 86_400);
/// How long it is remembered; each use begins that time anew.
pub const BROWSER_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// The browsers that users had remembered.
pub trait Browsers: Send + Sync {
    /// Remembers, for `user_id`, the browser that holds the secret of this digest; again, if it was remembered before.
    ///
    /// # Errors
    /// The store failed.
    fn remember_browser<'a>(&'a self, cookie: &'a Digest, user_id: &'a str, now: UnixTime) -> Stored<'a, ()>;

    /// Whether the browser is remembered for this very user: neither [`BROWSER_IDLE`] nor [`BROWSER_LIFETIME`] is over.
    ///
    /// # Errors
    /// The store failed.
    fn browser_remembered<'a>(
        &'a self,
        cookie: &'a Digest,
        user_id: &'a str,
        now: UnixTime,
    ) -> Stored<'a, bool>;

    /// Notes that it was used, which begins both times anew; false where it is not remembered (any more).
    ///
    /// # Errors
    /// The store failed.
    fn renew_browser<'a>(&'a self, cookie: &'a Digest, user_id: &'a str, now: UnixTime) -> Stored<'a, bool>;

    /// Forgets every browser of the user.
    ///
    /// # Errors
    /// The store failed.
    fn forget_browsers<'a>(&'a self, user_id: &'a str) -> Stored<'a, ()>;
}
