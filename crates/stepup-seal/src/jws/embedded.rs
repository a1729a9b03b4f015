//! Proofs that bring their own key (RFC 9449 section 4.2): who holds it is the point, not who it belongs to.

use stepup_protocol::jwk::Jwk;

use super::{Algorithm, JwsError, VerificationKey, compact::Compact, key_set::Verified};
use crate::header;

/// A token whose signature is by the key in its own header.
#[derive(Clone, Debug)]
pub struct SelfSigned {
    /// The public key.
    pub jwk: Jwk,
    /// The token. Its claims are still to be checked.
    pub verified: Verified,
}

/// Checks the signature of `token` with the public key in the `jwk` of its header, by one of the `allowed` algorithms.
///
/// # Errors
/// [`JwsError`]; [`JwsError::EmbeddedKey`] where the header has no usable public key, or a private one.
pub fn verify_self_signed(token: &str, allowed: &[Algorithm]) -> Result<SelfSigned, JwsError> {
    let compact = Compact::split(token)?;
    let protected = compact.header()?;
    if !allowed.contains(&protected.alg) {
        return Err(JwsError::AlgorithmNotAllowed(protected.alg));
    }
    let jwk = compact.embedded_key()?;
    let key = VerificationKey::from_jwk(&jwk).map_err(|_| JwsError::EmbeddedKey)?;
    Ok(SelfSigned { verified: key.verify_token(token, allowed)?, jwk })
}

impl Compact<'_> {
    fn embedded_key(&self) -> Result<Jwk, JwsError> {
        let jwk = header::parse(self.header)?.remove("jwk").ok_or(JwsError::EmbeddedKey)?;
        // RFC 9449 section 4.3: the key must not be a private one. `k` would make the proof anybody's to sign.
        if ["d", "k", "p", "q"].iter().any(|private| jwk.get(private).is_some()) {
            return Err(JwsError::EmbeddedKey);
        }
        serde_json::from_value(jwk).map_err(|_| JwsError::EmbeddedKey)
    }
}
