//! The form of `@auth0/nextjs-auth0` 4, and what its version 3 left in browsers.
//!
//! JWE with `dir` and A256GCM under one key for every purpose; `exp` is a member of the payload. A reader accepts a value
//! until 15 seconds after it. Purposes are told apart by the payload's shape alone, so the payload's type must require
//! what only its purpose has.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use stepup_protocol::time::UnixTime;

use super::{
    OpenError, Purpose, Unsealed,
    claims::{self, Claims},
    envelope::{Envelope, Time},
    keys::KeyCache,
};
use crate::{
    Random, header, hkdf,
    jwe::{self, Compact, Encryption, JweKey},
};

/// `{"enc":"A256GCM","alg":"dir"}`, as it stands in almost every value, so that it need not be read.
const HEADER: &str = "eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0";
/// How long after its expiry a value is still accepted.
const TOLERANCE: Duration = Duration::from_secs(15);

pub(super) fn key(secret: &[u8]) -> JweKey {
    JweKey::a256gcm(&hkdf::derive(secret, b"", b"JWE CEK"))
}

/// The payload must be an object; `exp` is added to it.
#[expect(clippy::panic, reason = "the documented panic of `Sealer::seal`: a fault of the payload's type")]
pub(super) fn seal(key: &JweKey, mut json: Vec<u8>, expires_at: UnixTime, random: &dyn Random) -> String {
    let separator = match json.as_slice() {
        b"{}" => "",
        [b'{', .., b'}'] => ",",
        _ => panic!("the payload is not a JSON object"),
    };
    json.pop();
    json.extend_from_slice(format!(r#"{separator}"exp":{expires_at}}}"#).as_bytes());
    key.seal(HEADER, json, random)
}

pub(super) fn decrypt(
    value: &Compact<'_>,
    keys: &KeyCache,
    purpose: Purpose,
) -> Result<(Vec<u8>, Envelope), OpenError> {
    let header = match value.header {
        HEADER => Header::Usual,
        other => read_header(other, purpose).ok_or(OpenError::Invalid)?,
    };
    let (json, stale_secret) = keys.decrypt(value, purpose, "")?;
    Ok((json, Envelope { stale_secret, time: Time::Payload(header) }))
}

/// Reads the payload, and the times in it.
pub(super) fn read<T: DeserializeOwned>(
    json: &[u8],
    header: Header,
    stale_secret: bool,
    now: UnixTime,
) -> Result<Unsealed<T>, OpenError> {
    let (payload, Claims { exp, nbf }) = claims::split(json).map_err(|_| OpenError::Invalid)?;
    let (expires_at, legacy_issued_at) = match header {
        Header::Usual => (Some(exp.ok_or(OpenError::Invalid)?), None),
        Header::Version3 { issued_at, expires_at } => (expires_at, Some(issued_at)),
    };
    if expires_at.is_some_and(|expires_at| expires_at + TOLERANCE <= now) {
        return Err(OpenError::Expired);
    }
    if nbf.is_some_and(|nbf| nbf > now + TOLERANCE) {
        return Err(OpenError::Invalid);
    }
    Ok(Unsealed { payload, expires_at, stale_secret, legacy_issued_at })
}

/// What the header says besides the algorithm.
#[derive(Clone, Copy)]
pub(super) enum Header {
    /// Nothing.
    Usual,
    /// The times of a session that version 3 sealed.
    Version3 { issued_at: UnixTime, expires_at: Option<UnixTime> },
}

/// Reads a header that is not spelt as version 4 does. `None` where it cannot be used.
fn read_header(segment: &str, purpose: Purpose) -> Option<Header> {
    let header = header::parse(segment).ok()?;
    jwe::check_algorithm(&header, Encryption::A256Gcm).ok()?;
    let time = |name| header.get(name).map(Value::as_i64);
    match (purpose, time("iat")) {
        (Purpose::Session, Some(issued_at)) => {
            let expires_at = match time("exp") {
                Some(seconds) => Some(UnixTime::from_seconds(seconds?)),
                None => None,
            };
            Some(Header::Version3 { issued_at: UnixTime::from_seconds(issued_at?), expires_at })
        }
        _ => Some(Header::Usual),
    }
}
