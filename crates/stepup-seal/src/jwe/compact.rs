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
        // The ciphertext, by far the longest, is what is left between the others and need not be searched: a further dot in
        // it is no base64url.
        let next = |rest: &'t str| {
            rest.split_once('.').ok_or(JweError::Malformed("it has fewer than five segments"))
        };
        let (header, rest) = next(token)?;
        let (encrypted_key, rest) = next(rest)?;
        let (iv, rest) = next(rest)?;
        let (ciphertext, tag) =
            rest.rsplit_once('.').ok_or(JweError::Malformed("it has fewer than five segments"))?;
        if !encrypted_key.is_empty() {
            return Err(JweError::Malformed("it carries an encrypted key"));
        }
        Ok(Self { header, iv, ciphertext, tag })
    }
}
