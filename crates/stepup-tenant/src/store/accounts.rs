//! What users change of their own accounts on the pages.

use secrecy::SecretString;
use stepup_protocol::time::UnixTime;

use super::Stored;

/// Passwords and addresses.
pub trait Accounts: Send + Sync {
    /// Gives the user a new password and ends all their sessions, as one; false where there is no such user.
    ///
    /// # Parameters
    /// - `hash`: in PHC string form.
    ///
    /// # Errors
    /// The store failed.
    fn change_password<'a>(
        &'a self,
        user_id: &'a str,
        hash: &'a SecretString,
        now: UnixTime,
    ) -> Stored<'a, bool>;

    /// Notes that the user holds `email`; false where that is not (any more) the address of the profile.
    ///
    /// # Errors
    /// The store failed.
    fn verify_email<'a>(&'a self, user_id: &'a str, email: &'a str, now: UnixTime) -> Stored<'a, bool>;
}
