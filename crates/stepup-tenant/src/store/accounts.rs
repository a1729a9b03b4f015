//! What users change of their own accounts on the pages.

use secrecy::SecretString;
use stepup_protocol::time::UnixTime;

use super::Stored;

/// Passwords and addresses.
pub trait Accounts: Send + Sync {
    /// Gives the user a new password and ends all their sessions and pending `mfa_token`s, as one; false where there is no such user.
    ///
    /// # Parameters
    /// - `hash`: in PHC string form.
    /// - `remembered`: how many of the earlier hashes stay; the others are forgotten.
    ///
    /// # Errors
    /// The store failed.
    fn change_password<'a>(
        &'a self,
        user_id: &'a str,
        hash: &'a SecretString,
        remembered: u32,
        now: UnixTime,
    ) -> Stored<'a, bool>;

    /// The hashes of at most `limit` passwords that the user had before the present one, newest first.
    ///
    /// # Errors
    /// The store failed.
    fn earlier_passwords<'a>(&'a self, user_id: &'a str, limit: u32) -> Stored<'a, Vec<SecretString>>;

    /// Notes that the user holds `email`; false where that is not (any more) the address of the profile.
    ///
    /// # Errors
    /// The store failed.
    fn verify_email<'a>(&'a self, user_id: &'a str, email: &'a str, now: UnixTime) -> Stored<'a, bool>;
}
