//! Out-of-band transactions.

use stepup_protocol::time::UnixTime;

use super::Stored;
use crate::model::{BucketKind, BucketRule, Digest, Empty, OobTransaction};

/// What is under way over another channel than the one that asks. A verification takes one with
/// [`Proofs::prove`](super::Proofs::prove).
pub trait Oob: Send + Sync {
    /// Adds a transaction under its `oob_code`, unless too much was sent to its user.
    ///
    /// # Parameters
    /// - `limit`: how sending is counted; none: it is not.
    ///
    /// # Errors
    /// [`StoreError::Conflict`](super::StoreError::Conflict) where the digest, the id or the token is taken.
    fn insert_oob<'a>(
        &'a self,
        oob_code: &'a Digest,
        value: &'a OobTransaction,
        limit: Option<(BucketKind, BucketRule)>,
    ) -> Stored<'a, Result<(), Empty>>;

    /// The transaction of an `oob_code`, expired or not; nothing where it was never one or is spent.
    ///
    /// # Errors
    /// The store failed.
    fn oob<'a>(&'a self, oob_code: &'a Digest) -> Stored<'a, Option<OobTransaction>>;

    /// The transaction with this public name, as [`Oob::oob`].
    ///
    /// # Errors
    /// The store failed.
    fn oob_by_id<'a>(&'a self, id: &'a str) -> Stored<'a, Option<OobTransaction>>;

    /// The transaction that a phone answers with this token (`txtkn`), or whose QR code it scanned (`enrollment_tx_id`),
    /// as [`Oob::oob`].
    ///
    /// # Errors
    /// The store failed.
    fn oob_by_token<'a>(&'a self, token: &'a Digest) -> Stored<'a, Option<OobTransaction>>;

    /// The questions that phones have not answered and can still answer at `now`, oldest first: of one user, or of all.
    ///
    /// # Errors
    /// The store failed.
    fn pending_pushes<'a>(
        &'a self,
        user_id: Option<&'a str>,
        now: UnixTime,
    ) -> Stored<'a, Vec<OobTransaction>>;

    /// Notes what a phone answered. Of two answers the first stands; false where there is nothing (any more) to answer.
    ///
    /// # Errors
    /// The store failed.
    fn answer_push<'a>(&'a self, id: &'a str, approved: bool, now: UnixTime) -> Stored<'a, bool>;
}
