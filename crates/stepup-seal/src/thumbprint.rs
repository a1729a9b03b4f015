//! JWK thumbprints (RFC 7638): a key's name, made from the key alone.

use std::collections::BTreeMap;

use stepup_protocol::jwk::Jwk;

use crate::{base64url, digest};

/// A key without a thumbprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThumbprintError {
    /// A member that its type requires is absent.
    #[error("the key has no member `{0}`, which its thumbprint needs")]
    MissingMember(&'static str),
    /// `kty` is none of `RSA`, `EC`, `OKP`, `oct`.
    #[error("keys of type `{0}` are not known")]
    UnknownType(String),
}

/// The base64url SHA-256 thumbprint of `jwk`; the same for a private key and its public key.
///
/// # Errors
/// [`ThumbprintError`] for a key of unknown type or one that lacks a required member.
pub fn sha256(jwk: &Jwk) -> Result<String, ThumbprintError> {
    let required: &[(&'static str, &Option<String>)] = match jwk.kty.as_str() {
        "RSA" => &[("e", &jwk.e), ("n", &jwk.n)],
        "EC" => &[("crv", &jwk.crv), ("x", &jwk.x), ("y", &jwk.y)],
        "OKP" => &[("crv", &jwk.crv), ("x", &jwk.x)],
        "oct" => &[("k", &jwk.k)],
        other => return Err(ThumbprintError::UnknownType(other.to_owned())),
    };
    let mut members = BTreeMap::from([("kty", jwk.kty.as_str())]);
    for (name, value) in required {
        members.insert(name, value.as_deref().ok_or(ThumbprintError::MissingMember(name))?);
    }
    let canonical = serde_json::Value::from_iter(members).to_string();
    Ok(base64url::encode(digest::sha256(canonical.as_bytes())))
}
