//! Transactions as a sequence of their requests and log events.

use super::Stored;
use crate::model::{Trace, TraceSummary};

/// What happened in which transaction; written with the log, see [`Events::append_log`](super::Events::append_log).
pub trait Traces: Send + Sync {
    /// At most `limit` transactions, the one with the newest request first; `before` is the
    /// [`cursor`](TraceSummary::cursor) of the last one of the page before.
    ///
    /// # Errors
    /// The store failed.
    fn traces(&self, before: Option<i64>, limit: u32) -> Stored<'_, Vec<TraceSummary>>;

    /// Everything that is known of one transaction; empty where nothing is.
    ///
    /// # Errors
    /// The store failed.
    fn trace<'a>(&'a self, transaction_id: &'a str) -> Stored<'a, Trace>;
}
