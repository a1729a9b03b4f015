//! Our own form.
//!
//! JWE with `dir` and A256GCM. The key is HKDF-SHA-256 of the secret with the context as salt and purpose and version as
//! info, so a value of another purpose or context does not decrypt. The header is always
//! `{"alg":"dir","enc":"A256GCM","typ":"stepup-PURPOSE-v1","exp":SECONDS}`, in these bytes, and is authenticated. The
//! plaintext is the payload's JSON and nothing else, but that a long text in front of it is [`packed`](super::packed).

use stepup_protocol::time::UnixTime;

use super::{
    OpenError, Purpose,
    envelope::{Envelope, Time},
    keys::KeyCache,
};
use crate::{
    Random, base64url, hkdf,
    jwe::{Compact, JweKey},
};

pub(super) fn key(secret: &[u8], purpose: Purpose, context: &str) -> JweKey {
    let info = format!("stepup sealed value v1: {}", purpose.name());
    JweKey::a256gcm(&hkdf::derive(secret, context.as_bytes(), info.as_bytes()))
}

pub(super) fn seal(
    key: &JweKey,
    purpose: Purpose,
    plaintext: Vec<u8>,
    expires_at: UnixTime,
    random: &dyn Random,
) -> String {
    let header = [header_start(purpose), &expires_at.seconds().to_string(), "}"].concat();
    key.seal(&base64url::encode(header), plaintext, random)
}

pub(super) fn decrypt(
    value: &Compact<'_>,
    keys: &KeyCache,
    purpose: Purpose,
    context: &str,
    now: UnixTime,
) -> Result<(Vec<u8>, Envelope), OpenError> {
    let expires_at = expiry(value.header, purpose).ok_or(OpenError::Invalid)?;
    let (plaintext, stale_secret) = keys.decrypt(value, purpose, context)?;
    if expires_at <= now {
        return Err(OpenError::Expired);
    }
    Ok((plaintext, Envelope { stale_secret, time: Time::Header(expires_at) }))
}

/// The header up to its expiry.
const fn header_start(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::ConnectionTokens => {
            r#"{"alg":"dir","enc":"A256GCM","typ":"stepup-connection-tokens-v1","exp":"#
        }
        Purpose::Detour => r#"{"alg":"dir","enc":"A256GCM","typ":"stepup-detour-v1","exp":"#,
        Purpose::MfaToken => r#"{"alg":"dir","enc":"A256GCM","typ":"stepup-mfa-token-v1","exp":"#,
        Purpose::Session => r#"{"alg":"dir","enc":"A256GCM","typ":"stepup-session-v1","exp":"#,
        Purpose::StatefulId => r#"{"alg":"dir","enc":"A256GCM","typ":"stepup-stateful-id-v1","exp":"#,
        Purpose::Transaction => r#"{"alg":"dir","enc":"A256GCM","typ":"stepup-transaction-v1","exp":"#,
    }
}

/// The expiry in a header of `purpose`, which is compared byte by byte: ours has one spelling.
fn expiry(header: &str, purpose: Purpose) -> Option<UnixTime> {
    const LONGEST: usize = 120;
    let mut room = [0; LONGEST];
    let header = base64url::decode_within(header, &mut room).ok()?;
    let seconds = header.strip_prefix(header_start(purpose).as_bytes())?.strip_suffix(b"}")?;
    std::str::from_utf8(seconds).ok()?.parse().ok().map(UnixTime::from_seconds)
}
