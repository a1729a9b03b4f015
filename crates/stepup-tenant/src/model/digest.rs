//! What is kept in place of a secret.

use serde::{Deserialize, Serialize};

/// The SHA-256 of a value that a client holds.
///
/// Every such value is drawn from at least 120 random bits, so a plain hash cannot be turned back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `value`.
    #[must_use]
    pub fn of(value: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, value.as_bytes()).as_ref(),
        );
        Self(bytes)
    }

    /// A digest that was stored; none where it is not 32 bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Digest(..)")
    }
}
