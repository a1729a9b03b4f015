//! What logins are assessed by.

use std::time::Duration;

use stepup_protocol::time::UnixTime;

use super::Stored;
use crate::{model::KnownDevice, risk::Signal};

/// How long a browser is remembered after a login with it.
pub const DEVICE_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// The browsers of users, and what a test says of coming logins.
pub trait Risk: Send + Sync {
    /// The browsers that the user has logged in with in the last 30 days, the newest first, at most 100.
    ///
    /// # Errors
    /// The store failed.
    fn known_devices<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, Vec<KnownDevice>>;

    /// Remembers a browser that the user has just logged in with.
    ///
    /// # Errors
    /// The store failed.
    fn remember_device<'a>(&'a self, user_id: &'a str, device: &'a KnownDevice) -> Stored<'a, ()>;

    /// Forgets the user's browsers; returns how many there were.
    ///
    /// # Errors
    /// The store failed.
    fn forget_devices<'a>(&'a self, user_id: &'a str) -> Stored<'a, u64>;

    /// Adds what is to be said of coming logins.
    ///
    /// # Errors
    /// The store failed.
    fn add_signal<'a>(&'a self, signal: &'a Signal) -> Stored<'a, ()>;

    /// All of that, in the order of adding, the newest thousand.
    ///
    /// # Errors
    /// The store failed.
    fn signals(&self) -> Stored<'_, Vec<Signal>>;

    /// Forgets all of that.
    ///
    /// # Errors
    /// The store failed.
    fn clear_signals(&self) -> Stored<'_, ()>;
}
