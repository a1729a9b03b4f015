//! The five segments of a compact JWE.

use super::JweError;

/// The segments as they stand in the token, still encoded. The second, the encrypted key, is empty with `dir`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compact<'t> {
    pub(crate) header: &'t str,
    pub(crate) iv: &'t str,
    pub(crate) ciphertext: &'t str,
    pub(crate) tag: &'t str,
}

impl<'t> Compact<'t> {
    /// Splits `token`, where it is no longer than `max_bytes`.
    pub(crate) fn split(token: &'t str, max_bytes: usize) -> Result<Self, JweError> {
        if token.len() > max_bytes {
            return Err(JweError::TooLarge { bytes: token.len(), limit: max_bytes });
        }
        let mut segments = token.split('.');
        let mut next = || segments.next().ok_or(JweError::Malformed("it has fewer than five segments"));
        let (header, encrypted_key, iv, ciphertext, tag) = (next()?, next()?, next()?, next()?, next()?);
        if segments.next().is_some() {
            return Err(JweError::Malformed("it has more than five segments"));
        }
        if !encrypted_key.is_empty() {
            return Err(JweError::Malformed("it carries an encrypted key"));
        }
        Ok(Self { header, iv, ciphertext, tag })
    }
}
