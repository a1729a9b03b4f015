//! The three segments of a compact JWS, and its header.

use super::{Algorithm, HeaderError, JwsError, MAX_TOKEN_BYTES};
use crate::{base64url, header};

/// What a token's protected header says of its signature. `jku`, `x5u` and `x5c` are never read, and `jwk` by
/// [`verify_self_signed`](super::verify_self_signed) alone: a token does not bring its own key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The algorithm it claims.
    pub alg: Algorithm,
    /// The id of its key.
    pub kid: Option<String>,
    /// Its media type: `JWT`, `at+jwt`, `dpop+jwt`, `logout+jwt`, …
    pub typ: Option<String>,
}

/// The header of `token`, unverified: to choose a key or an issuer by, and nothing else.
///
/// # Errors
/// [`JwsError`] for what is no token, an algorithm that is not known, and the extensions `crit`, `zip` and `b64`.
pub fn peek(token: &str) -> Result<Header, JwsError> {
    Compact::split(token)?.header()
}

/// The segments as they stand in the token, still encoded.
pub(super) struct Compact<'t> {
    pub(super) header: &'t str,
    pub(super) payload: &'t str,
    signature: &'t str,
    /// What was signed: header, full stop, payload.
    pub(super) signed: &'t str,
}

impl<'t> Compact<'t> {
    pub(super) fn split(token: &'t str) -> Result<Self, JwsError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwsError::TooLarge(token.len()));
        }
        let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
            let (header, payload) = signed.split_once('.')?;
            (!payload.contains('.')).then_some(Self { header, payload, signature, signed })
        });
        parts.ok_or(JwsError::Malformed("it does not have three segments"))
    }

    pub(super) fn header(&self) -> Result<Header, JwsError> {
        let members = header::parse(self.header)?;
        let text = |name| header::text(&members, name).map(|value| value.map(str::to_owned));
        let alg = header::text(&members, "alg")?.ok_or(HeaderError::Member("alg"))?.parse()?;
        Ok(Header { alg, kid: text("kid")?, typ: text("typ")? })
    }

    pub(super) fn signature(&self) -> Result<Vec<u8>, JwsError> {
        base64url::decode(self.signature).map_err(|_| JwsError::Malformed("its signature is not base64url"))
    }

    pub(super) fn payload(&self) -> Result<Vec<u8>, JwsError> {
        base64url::decode(self.payload).map_err(|_| JwsError::Malformed("its payload is not base64url"))
    }
}
