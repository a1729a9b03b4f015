//! Authorization requests that came ahead of the browser.

use super::Stored;
use crate::model::{Digest, PushedRequest};

/// Pushed authorization requests (RFC 9126).
pub trait PushedRequests: Send + Sync {
    /// Keeps a request under the digest of its `request_uri`.
    ///
    /// # Errors
    /// [`super::StoreError::Conflict`] where the digest is taken.
    fn insert_pushed_request<'a>(&'a self, uri: &'a Digest, request: &'a PushedRequest) -> Stored<'a, ()>;

    /// Takes the request of `client_id` away, expired or not: of two callers, one gets it. What another client pushed
    /// stays where it is.
    ///
    /// # Errors
    /// The store failed.
    fn take_pushed_request<'a>(
        &'a self,
        uri: &'a Digest,
        client_id: &'a str,
    ) -> Stored<'a, Option<PushedRequest>>;
}
