//! JSON Web Signature, compact (RFC 7515), with the algorithms of RFC 7518 section 3 and RFC 8037.
//!
//! What a key may be used for is decided where the key is made, from its type; a token's header can only pick among
//! those. So no token makes an RSA public key into an HMAC secret.

mod algorithm;
mod compact;
mod embedded;
mod key_set;
mod public_pem;
mod sign;
mod verify;

pub use crate::header::HeaderError;
pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use compact::{Header, peek};
pub use embedded::{SelfSigned, verify_self_signed};
pub use key_set::{KeySet, Verified};
pub use public_pem::{p256_from_public_pem, rsa_from_public_pem};
pub use sign::{SignError, SigningKey};
pub use verify::VerificationKey;

/// Longest token that is read, in bytes.
pub const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// A token whose signature is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// It is longer than [`MAX_TOKEN_BYTES`].
    #[error("the token has {0} bytes, more than the {MAX_TOKEN_BYTES} that are read")]
    TooLarge(usize),
    /// It is not three base64url segments.
    #[error("the value is not a signed token: {0}")]
    Malformed(&'static str),
    /// Its protected header cannot be used.
    #[error("the header of the token cannot be used")]
    Header(#[from] HeaderError),
    /// Its `alg` is unknown; `none` is.
    #[error("the token's algorithm cannot be used")]
    UnknownAlgorithm(#[from] UnknownAlgorithm),
    /// Its `alg` is not on the caller's list.
    #[error("the token is signed with {0}, which is not accepted here")]
    AlgorithmNotAllowed(Algorithm),
    /// No key of the set has the token's `kid` and is for its `alg`: the set may be out of date.
    #[error("no key of the set fits the token (kid {kid:?}, alg {algorithm})")]
    NoMatchingKey {
        /// The token's `kid`.
        kid: Option<String>,
        /// The token's `alg`.
        algorithm: Algorithm,
    },
    /// Its header was to bring a public key.
    #[error("the header of the token has no public key that can be used")]
    EmbeddedKey,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
}

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It is of a type, curve or use that is not for signatures here.
    #[error("keys of this kind are not used for signatures: {0}")]
    Unsupported(String),
    /// A member is absent.
    #[error("the key has no `{0}`")]
    MissingMember(&'static str),
    /// A member is not base64url or has the wrong length.
    #[error("the key's `{0}` cannot be read")]
    Member(&'static str),
    /// It is shorter than its algorithm allows.
    #[error("the key has {bits} bits; {needs}")]
    TooShort {
        /// Its length.
        bits: usize,
        /// What it must have.
        needs: &'static str,
    },
    /// It is not a PEM text with a PKCS #8 private key.
    #[error("not a PEM text with a PKCS #8 private key, which begins with `-----BEGIN PRIVATE KEY-----`")]
    Pem,
    /// It is not a PEM text with an RSA public key.
    #[error("not a PEM text with an RSA public key, which begins with `-----BEGIN PUBLIC KEY-----`")]
    PublicPem,
    /// It is not a PEM text with a public key on P-256.
    #[error("not a PEM text with a public key on P-256, which begins with `-----BEGIN PUBLIC KEY-----`")]
    P256Pem,
    /// It is not a valid key for the algorithm.
    #[error("not a valid key for {algorithm}: {reason}")]
    Rejected {
        /// The algorithm it was to be used with.
        algorithm: Algorithm,
        /// What the cryptographic library says.
        reason: String,
    },
}
