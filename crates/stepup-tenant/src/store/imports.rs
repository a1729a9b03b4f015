//! Users that a file brings.

use super::Stored;
use crate::model::{Authenticator, Digest, User};

/// A user of an import, with what is enrolled.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The user.
    pub user: User,
    /// Confirmed.
    pub authenticators: Vec<Authenticator>,
}

/// The imports.
pub trait Imports: Send + Sync {
    /// Whether the import with this digest was made: then what became of its users is kept, deletions too.
    ///
    /// # Errors
    /// The store failed.
    fn was_imported<'a>(&'a self, import: &'a Digest) -> Stored<'a, bool>;

    /// Adds the users that are not there yet, in one transaction; those that are keep what became of them. Returns how many
    /// were added.
    ///
    /// # Errors
    /// The store failed.
    fn import_users<'a>(&'a self, users: &'a [Imported]) -> Stored<'a, u64>;

    /// Remembers that the import was made.
    ///
    /// # Errors
    /// The store failed.
    fn remember_import<'a>(&'a self, import: &'a Digest) -> Stored<'a, ()>;
}
