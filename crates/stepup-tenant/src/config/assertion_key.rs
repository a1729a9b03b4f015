//! Public keys of clients that sign assertions.

use std::sync::Arc;

use stepup_protocol::{jwk::Jwk, time::UnixTime};
use stepup_seal::jws::{Algorithm, JwsError, KeyError, VerificationKey, Verified};

/// A public key that a client signs its assertions with. While a key is replaced a client has two.
#[derive(Clone, Debug)]
pub struct AssertionKey {
    key: Arc<VerificationKey>,
    algorithm: Algorithm,
    expires_at: Option<UnixTime>,
}

impl AssertionKey {
    /// The algorithms that discovery announces.
    pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Ps256];

    /// A key for one algorithm.
    ///
    /// # Errors
    /// The key is not one for RSA signatures, or has fewer than 2048 bits.
    pub fn new(jwk: &Jwk, algorithm: Algorithm, expires_at: Option<UnixTime>) -> Result<Self, KeyError> {
        // Clients need not say which of their keys signed, and may name it otherwise.
        let jwk = Jwk { kid: None, alg: Some(algorithm.name().to_owned()), ..jwk.clone() };
        Ok(Self { key: Arc::new(VerificationKey::from_jwk(&jwk)?), algorithm, expires_at })
    }

    /// Checks the signature of `assertion` at `now`.
    ///
    /// # Errors
    /// It is not by this key, or not by its algorithm.
    pub fn verify(&self, assertion: &str) -> Result<Verified, JwsError> {
        self.key.verify_token(assertion, &[self.algorithm])
    }

    /// Whether it is not to be used any more.
    #[must_use]
    pub fn expired(&self, now: UnixTime) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }
}
