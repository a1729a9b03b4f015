//! Sealing of what must be readable again: the secrets of authenticator apps.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use super::StoreError;

/// Seals secrets at rest with AES-256-GCM, each bound to the id of the row that holds it.
pub struct Vault {
    key: RandomizedNonceKey,
}

impl Vault {
    /// A vault with this key.
    ///
    /// # Panics
    /// Never: every 32 bytes are a key.
    #[must_use]
    #[expect(clippy::expect_used, reason = "AES-256 takes any 32 bytes")]
    pub fn new(key: &[u8; 32]) -> Self {
        Self { key: RandomizedNonceKey::new(&AES_256_GCM, key).expect("32 bytes are an AES-256 key") }
    }

    /// Seals `secret` for the row `id`: nonce, ciphertext, tag.
    pub(super) fn seal(&self, id: &str, secret: &str) -> Result<Vec<u8>, StoreError> {
        let mut sealed = secret.as_bytes().to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(id), &mut sealed)
            .map_err(|_| corrupt("the secret could not be sealed"))?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// Opens what [`Vault::seal`] made for the row `id`.
    pub(super) fn open(&self, id: &str, sealed: &[u8]) -> Result<String, StoreError> {
        let (nonce, ciphertext) =
            sealed.split_at_checked(NONCE_LEN).ok_or_else(|| corrupt("it is too short"))?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| corrupt("it is too short"))?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        let secret = self.key.open_in_place(nonce, Aad::from(id), &mut plaintext).map_err(|_| {
            corrupt("it was sealed with another key; use the data folder that belongs to the database")
        })?;
        String::from_utf8(secret.to_vec()).map_err(|_| corrupt("it is not text"))
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Vault").finish_non_exhaustive()
    }
}

fn corrupt(reason: &str) -> StoreError {
    StoreError::Corrupt { what: "the secret of an authenticator", reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_in_its_row_and_with_its_key() {
        let vault = Vault::new(&[7; 32]);
        let sealed = vault.seal("totp|dev_a", "GAXVUW2SJRRE2MJR").unwrap();
        assert_eq!(vault.open("totp|dev_a", &sealed).unwrap(), "GAXVUW2SJRRE2MJR");
        assert!(vault.open("totp|dev_b", &sealed).is_err());
        assert!(Vault::new(&[8; 32]).open("totp|dev_a", &sealed).is_err());
        assert!(vault.open("totp|dev_a", &sealed[..5]).is_err());
        assert_ne!(sealed, vault.seal("totp|dev_a", "GAXVUW2SJRRE2MJR").unwrap());
    }
}
