//! The users as an administrator sees them.

use super::{Found, Search, Stored};
use crate::model::User;

/// Looks for users, changes them and takes them away.
pub trait Directory: Send + Sync {
    /// The users that a search asks for. Members that there are not match nothing, and order nothing.
    ///
    /// Look-ups by id, e-mail address, user name and their beginnings, and pages in the order of creation, are answered
    /// from an index however many users there are.
    ///
    /// # Errors
    /// The store failed.
    fn find_users<'a>(&'a self, search: &'a Search) -> Stored<'a, Found<User>>;

    /// Changes a user by `change`, atomically, and returns them as they then are; nothing where there is none. What a user
    /// is found by, and the counters of their logins, stay as they are but for e-mail address and user name.
    ///
    /// # Parameters
    /// - `remembered`: how many of the earlier password hashes stay where `change` brings another.
    ///
    /// # Errors
    /// [`super::StoreError::Conflict`] where the address or the name is taken.
    fn change_user<'a>(
        &'a self,
        user_id: &'a str,
        remembered: u32,
        change: &'a (dyn Fn(&mut User) + Send + Sync),
    ) -> Stored<'a, Option<User>>;

    /// Removes a user with everything that is theirs: sessions, authenticators, consents, remembered browsers and
    /// tickets. Their refresh tokens open nothing any more, and go when a user with that id is made again. Returns whether
    /// there was one.
    ///
    /// # Errors
    /// The store failed.
    fn delete_user<'a>(&'a self, user_id: &'a str) -> Stored<'a, bool>;

    /// Removes every user of a connection in the same way.
    ///
    /// # Errors
    /// The store failed.
    fn delete_users_of<'a>(&'a self, connection: &'a str) -> Stored<'a, ()>;
}
