//! How much was done, counted from the log and the users.

use stepup_protocol::time::UnixTime;

use super::Stored;

/// Numbers for an administrator.
pub trait Statistics: Send + Sync {
    /// What happened from the first time to before the second, day by day (UTC), oldest first; days without anything are
    /// left out.
    ///
    /// # Errors
    /// The store failed.
    fn days(&self, from: UnixTime, until: UnixTime) -> Stored<'_, Vec<Day>>;

    /// How many users logged in at `since` or later.
    ///
    /// # Errors
    /// The store failed.
    fn active_users(&self, since: UnixTime) -> Stored<'_, u64>;
}

/// What happened on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// When it began.
    pub began_at: UnixTime,
    /// Log-ins, by page or by password grant.
    pub logins: u64,
    /// Sign-ups.
    pub signups: u64,
    /// Log-ins with a password known to have leaked.
    pub leaked_passwords: u64,
    /// When the last of it happened.
    pub updated_at: UnixTime,
}
