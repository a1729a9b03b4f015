//! Calls that the tenant owes.

use stepup_protocol::time::UnixTime;

use super::Stored;
use crate::model::Call;

/// The calls that nobody has taken yet.
pub trait Calls: Send + Sync {
    /// Adds a call that is due at `now`.
    ///
    /// # Errors
    /// [`super::StoreError::Conflict`] where the id is taken.
    fn insert_call<'a>(&'a self, call: &'a Call, now: UnixTime) -> Stored<'a, ()>;

    /// Takes at most `limit` calls that are due at `now`, the longest due first, and lets them be due again at `again`: a process
    /// that is killed with a call under way leaves it to another. Of two callers, one gets a call.
    ///
    /// # Errors
    /// The store failed.
    fn claim_calls(&self, now: UnixTime, again: UnixTime, limit: u32) -> Stored<'_, Vec<ClaimedCall>>;

    /// Lets a call that failed with `error` be due at `again`.
    ///
    /// # Errors
    /// The store failed.
    fn postpone_call<'a>(&'a self, id: &'a str, error: &'a str, again: UnixTime) -> Stored<'a, ()>;

    /// Removes a call that was taken or given up.
    ///
    /// # Errors
    /// The store failed.
    fn delete_call<'a>(&'a self, id: &'a str) -> Stored<'a, ()>;

    /// When the next call is due; none where none is owed.
    ///
    /// # Errors
    /// The store failed.
    fn next_call(&self) -> Stored<'_, Option<UnixTime>>;
}

/// A call to be made now.
#[derive(Clone, Debug)]
pub struct ClaimedCall {
    /// The call.
    pub call: Call,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// How the attempt before it failed, if there was one.
    pub last_error: Option<String>,
}
