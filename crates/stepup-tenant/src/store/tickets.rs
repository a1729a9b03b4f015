//! Tickets: links that work once.

use super::Stored;
use crate::model::{Digest, Ticket};

/// The tickets that were handed out.
pub trait Tickets: Send + Sync {
    /// Adds a ticket.
    ///
    /// # Errors
    /// [`super::StoreError::Conflict`] where the digest is taken.
    fn insert_ticket<'a>(&'a self, ticket: &'a Digest, value: &'a Ticket) -> Stored<'a, ()>;

    /// The ticket as it is, expired or not.
    ///
    /// # Errors
    /// The store failed.
    fn ticket<'a>(&'a self, ticket: &'a Digest) -> Stored<'a, Option<Ticket>>;

    /// Takes the ticket away: of two callers, one gets it.
    ///
    /// # Errors
    /// The store failed.
    fn take_ticket<'a>(&'a self, ticket: &'a Digest) -> Stored<'a, Option<Ticket>>;
}
