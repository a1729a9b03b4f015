//! Codes and refresh tokens.

use stepup_protocol::time::UnixTime;

use super::Stored;
use crate::model::{AuthorizationCode, Digest, RefreshToken};

/// Codes and refresh tokens.
pub trait Grants: Send + Sync {
    /// Adds a code.
    ///
    /// # Errors
    /// [`StoreError::Conflict`](super::StoreError::Conflict) where the digest is taken.
    fn insert_code<'a>(&'a self, code: &'a Digest, value: &'a AuthorizationCode) -> Stored<'a, ()>;

    /// The code as it is, unless it was taken; takes nothing.
    ///
    /// # Errors
    /// The store failed.
    fn code<'a>(&'a self, code: &'a Digest) -> Stored<'a, Option<AuthorizationCode>>;

    /// Takes a code, expired or not: the first caller gets [`CodeTaken::Now`], every later one [`CodeTaken::Before`].
    ///
    /// # Errors
    /// The store failed.
    fn take_code<'a>(&'a self, code: &'a Digest, now: UnixTime) -> Stored<'a, Option<CodeTaken>>;

    /// Adds a refresh token, the first of a family. Beyond 200 of one user and client the oldest goes.
    ///
    /// # Errors
    /// [`StoreError::Conflict`](super::StoreError::Conflict) where the digest or the id is taken.
    fn insert_refresh_token<'a>(&'a self, token: &'a Digest, value: &'a RefreshToken) -> Stored<'a, ()>;

    /// The refresh token as it is, without judging it: for revocation and look-up.
    ///
    /// # Errors
    /// The store failed.
    fn refresh_token<'a>(&'a self, token: &'a Digest) -> Stored<'a, Option<RefreshToken>>;

    /// Judges a refresh token that `client_id` presents, and spends nothing. A replay revokes the family.
    ///
    /// # Parameters
    /// - `leeway`: seconds for which a token that was exchanged may be exchanged again, as long as none of its
    ///   children was used.
    ///
    /// # Errors
    /// The store failed.
    fn present_refresh_token<'a>(
        &'a self,
        token: &'a Digest,
        client_id: &'a str,
        leeway: u64,
        now: UnixTime,
    ) -> Stored<'a, Presented>;

    /// Exchanges a refresh token for `child`: judges it again, retires it and its parent and adds the child, as one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`](super::StoreError::Conflict) where the child's digest or id is taken.
    fn rotate_refresh_token<'a>(
        &'a self,
        token: &'a Digest,
        child: &'a Digest,
        value: &'a RefreshToken,
        leeway: u64,
        now: UnixTime,
    ) -> Stored<'a, Presented>;

    /// Adds `child`, which a second factor has brought, beside its parent: that one stays good until a child of it is used.
    /// This is a use of the parent itself, so it retires the parent's own parent. Of the children that nobody has used, as
    /// clients leave them that keep the parent, all but the newest few go. Nothing happens where the family is revoked.
    ///
    /// # Errors
    /// [`StoreError::Conflict`](super::StoreError::Conflict) where the child's digest or id is taken.
    fn branch_refresh_token<'a>(
        &'a self,
        child: &'a Digest,
        value: &'a RefreshToken,
        now: UnixTime,
    ) -> Stored<'a, Presented>;

    /// Notes that a token which does not rotate was exchanged; false where it is gone or revoked.
    ///
    /// # Errors
    /// The store failed.
    fn touch_refresh_token<'a>(&'a self, token: &'a Digest, touched: &'a RefreshToken) -> Stored<'a, bool>;

    /// Revokes every token of a family, those still to be added included.
    ///
    /// # Errors
    /// The store failed.
    fn revoke_family<'a>(&'a self, family: &'a str, now: UnixTime) -> Stored<'a, ()>;

    /// Revokes every family that a user has given to a client for one API, or for the profile alone.
    ///
    /// # Errors
    /// The store failed.
    fn revoke_grant<'a>(
        &'a self,
        user_id: &'a str,
        client_id: &'a str,
        audience: Option<&'a str>,
        now: UnixTime,
    ) -> Stored<'a, ()>;

    /// Revokes every family that came from a session, those of codes that are still to be exchanged included.
    ///
    /// # Errors
    /// The store failed.
    fn revoke_session_families<'a>(&'a self, session_id: &'a str, now: UnixTime) -> Stored<'a, ()>;
}
/// Whether a code was there to be taken.
#[derive(Clone, Debug, PartialEq)]
pub enum CodeTaken {
    /// It was taken before: a replay.
    Before(AuthorizationCode),
    /// This caller took it.
    Now(AuthorizationCode),
}

/// What a presented refresh token turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Presented {
    /// Unknown, expired, revoked, or another client's.
    Invalid,
    /// Exchanged before: a replay. Its family has just been revoked.
    Reused(RefreshToken),
    /// Good.
    Valid(RefreshToken),
}
