//! JSON Web Encryption, compact, with a key both ends hold: `"alg":"dir"` (RFC 7516, RFC 7518 sections 4.5, 5.2.5 and 5.3).

mod compact;
mod key;

use std::fmt;

use serde_json::{Map, Value};

pub use crate::header::HeaderError;
pub(crate) use compact::Compact;
pub use key::{Encryption, JweKey};

use crate::{Random, base64url, header};

/// A JWE that does not open. Nothing here says more than the sender could know.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JweError {
    /// It is longer than the caller reads.
    #[error("the value has {bytes} bytes, more than the {limit} that are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The caller's limit.
        limit: usize,
    },
    /// It is not the compact form of a JWE with direct encryption.
    #[error("the value is not a JWE with direct encryption: {0}")]
    Malformed(&'static str),
    /// Its protected header cannot be used.
    #[error("the header of the JWE cannot be used")]
    Header(#[from] HeaderError),
    /// `alg` or `enc` is not what the key is for.
    #[error("the JWE is not encrypted with `dir` and {}", .0.name())]
    Algorithm(Encryption),
    /// It was tampered with, or sealed with another key.
    #[error("the JWE does not open with this key")]
    Decryption,
}

/// An opened JWE. Prints nothing of what was sealed.
pub struct Opened {
    /// The protected header; authentic.
    pub header: Map<String, Value>,
    /// What was sealed.
    pub plaintext: Vec<u8>,
}

impl fmt::Debug for Opened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Opened").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Seals `plaintext` under `key`.
///
/// `protected_header_json` is written as it is; it must hold `"alg":"dir"` and the `enc` of the key.
///
/// ```
/// # #[derive(Debug)] struct Fixed;
/// # impl stepup_seal::Random for Fixed { fn fill(&self, destination: &mut [u8]) { destination.fill(7) } }
/// use stepup_seal::jwe::{self, JweKey};
///
/// let key = JweKey::a256gcm(&[1; 32]);
/// let token = jwe::seal(&key, r#"{"alg":"dir","enc":"A256GCM"}"#, b"hello", &Fixed);
/// assert_eq!(jwe::open(&key, &token, 4096)?.plaintext, b"hello");
/// # Ok::<(), jwe::JweError>(())
/// ```
pub fn seal(key: &JweKey, protected_header_json: &str, plaintext: &[u8], random: &dyn Random) -> String {
    key.seal(&base64url::encode(protected_header_json), plaintext.to_vec(), random)
}

/// Opens `token`, where it is no longer than `max_bytes`.
///
/// # Errors
/// [`JweError`]. `crit`, `zip` and `b64` in the header are refused, as is a header in which a member occurs twice.
pub fn open(key: &JweKey, token: &str, max_bytes: usize) -> Result<Opened, JweError> {
    let compact = Compact::split(token, max_bytes)?;
    let header = header::parse(compact.header)?;
    check_algorithm(&header, key.encryption())?;
    let plaintext = key.open(&compact)?;
    Ok(Opened { header, plaintext })
}

/// The protected header of `token`, unverified: to choose a key by, and nothing else.
///
/// # Errors
/// [`JweError`] where it has none that could be used.
pub fn peek(token: &str, max_bytes: usize) -> Result<Map<String, Value>, JweError> {
    Ok(header::parse(Compact::split(token, max_bytes)?.header)?)
}

/// Whether the header names direct encryption with `encryption`: what the key is for decides, the header only agrees.
pub(crate) fn check_algorithm(header: &Map<String, Value>, encryption: Encryption) -> Result<(), JweError> {
    let agrees = header::text(header, "alg")? == Some("dir")
        && header::text(header, "enc")? == Some(encryption.name());
    if agrees { Ok(()) } else { Err(JweError::Algorithm(encryption)) }
}
