//! What was changed of the configuration while the tenant ran.

use super::Stored;
use crate::model::{Setting, Settings as Kept};

/// The changes that are laid over the configuration's file, and a number that grows with each.
pub trait Settings: Send + Sync {
    /// Every change that is kept, in the order of its entity's first change, and their version.
    ///
    /// # Errors
    /// The store failed.
    fn settings(&self) -> Stored<'_, Kept>;

    /// The version of the changes: it grows whenever any process keeps one.
    ///
    /// # Errors
    /// The store failed.
    fn settings_version(&self) -> Stored<'_, u64>;

    /// Keeps `changes`, each in place of an earlier one of the same entity, if nobody has changed anything since
    /// version `seen`. Returns the new version; nothing where somebody has: of two callers, one wins.
    ///
    /// # Errors
    /// The store failed.
    fn keep_settings<'a>(&'a self, seen: u64, changes: &'a [Setting]) -> Stored<'a, Option<u64>>;
}
