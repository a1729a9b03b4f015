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

    /// Whether it is `other`, found out in the same time whatever they are.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        stepup_seal::digest::constant_time_eq(&self.0, &other.0)
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; 32]> for Digest {
    /// A digest that was made otherwise: under a key.
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Digest(..)")
    }
}
