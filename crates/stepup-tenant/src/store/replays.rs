//! Proofs that are good once.

use stepup_protocol::time::UnixTime;

use super::Stored;
use crate::model::Digest;

/// The `jti` of client assertions (RFC 7523 section 3) and DPoP proofs (RFC 9449 section 11.1).
pub trait Replays: Send + Sync {
    /// Notes that `proof` was used, until a time from which on it is refused for its age. Returns whether this was the
    /// first use: of two callers, one gets true.
    ///
    /// # Errors
    /// The store failed.
    fn accept_proof<'a>(&'a self, proof: &'a Digest, until: UnixTime) -> Stored<'a, bool>;
}
