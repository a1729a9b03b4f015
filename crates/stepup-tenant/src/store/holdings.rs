//! What a user holds, as an administrator sees it: refresh tokens.

use stepup_protocol::time::UnixTime;

use super::Stored;
use crate::model::RefreshToken;

/// Lists what users hold, and takes it from them.
pub trait Holdings: Send + Sync {
    /// The user's refresh tokens that are good at `now`, oldest first.
    ///
    /// # Errors
    /// The store failed.
    fn refresh_tokens_of<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, Vec<RefreshToken>>;

    /// The refresh token with this public id (`rt_…`), unless it was exchanged or revoked.
    ///
    /// # Errors
    /// The store failed.
    fn refresh_token_by_id<'a>(&'a self, id: &'a str) -> Stored<'a, Option<RefreshToken>>;

    /// Revokes every refresh token of the user.
    ///
    /// # Errors
    /// The store failed.
    fn revoke_refresh_tokens<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, ()>;
}
