//! The tenant log and the inbox as an administrator reads them.

use super::{Found, Search, Stored};
use crate::model::{LogEvent, Message};

/// Looks for events of the tenant log, and for messages.
pub trait Logs: Send + Sync {
    /// The events that a search asks for; without an order, newest first.
    ///
    /// # Errors
    /// The store failed.
    fn find_events<'a>(&'a self, search: &'a Search) -> Stored<'a, Found<LogEvent>>;

    /// The messages that a search asks for; without an order, newest first.
    ///
    /// # Errors
    /// The store failed.
    fn find_messages<'a>(&'a self, search: &'a Search) -> Stored<'a, Found<Message>>;

    /// The event with this id.
    ///
    /// # Errors
    /// The store failed.
    fn event<'a>(&'a self, id: &'a str) -> Stored<'a, Option<LogEvent>>;

    /// At most `limit` events that were written after the one with the id `from`, oldest first; from the first that is kept
    /// where that is none.
    ///
    /// # Errors
    /// The store failed.
    fn events_after<'a>(&'a self, from: &'a str, limit: u32) -> Stored<'a, Vec<LogEvent>>;
}
