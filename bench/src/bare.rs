//! The least that a sealed value takes: AES-256-GCM and base64url, with nothing around them.

use anyhow::Context;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::de::DeserializeOwned;
use stepup::{Random, SystemRandom};

/// A plaintext, encrypted and encoded.
pub(crate) struct Bare {
    key: LessSafeKey,
    nonce: [u8; 12],
    text: String,
}

impl Bare {
    pub(crate) fn seal(plaintext: &[u8]) -> anyhow::Result<Self> {
        let mut secret = [0; 32];
        SystemRandom.fill(&mut secret);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &secret).ok().context("no key")?);
        let mut bare = Self { key, nonce: [0; 12], text: String::new() };
        bare.seal_again(plaintext).context("no seal")?;
        Ok(bare)
    }

    /// Another plaintext with the same key.
    pub(crate) fn seal_again(&mut self, plaintext: &[u8]) -> Option<()> {
        SystemRandom.fill(&mut self.nonce);
        let mut sealed = plaintext.to_vec();
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        self.key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed).ok()?;
        self.text = base64_simd::URL_SAFE_NO_PAD.encode_to_string(sealed);
        Some(())
    }

    /// The value in it.
    pub(crate) fn open<T: DeserializeOwned>(&self) -> Option<T> {
        let mut sealed = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(&self.text).ok()?;
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let plaintext = self.key.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        serde_json::from_slice(plaintext).ok()
    }
}
