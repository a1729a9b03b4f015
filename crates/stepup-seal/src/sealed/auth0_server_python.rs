//! The form of auth0-server-python.
//!
//! JWE with `dir` and A256CBC-HS512, under a key for each identifier. There is no expiry inside: an MFA token ends
//! `created_at` plus the reader's lifetime, a session with the browser's cookie, so the reader checks the payload's times.

use std::borrow::Cow;

use super::{
    OpenError, Purpose,
    envelope::{Envelope, Time},
    keys::KeyCache,
};
use crate::{
    Random, header, hkdf,
    jwe::{self, Compact, Encryption, JweKey},
};

/// `{"alg":"dir","enc":"A256CBC-HS512"}`, as it stands in almost every value, so that it need not be read.
const HEADER: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0";

pub(super) fn key(secret: &[u8], purpose: Purpose, context: &str) -> JweKey {
    let identifier = identifier(purpose, context);
    JweKey::a256cbc_hs512(&hkdf::derive(secret, identifier.as_bytes(), b"Auth0 Generated Encryption"))
}

/// What auth0-server-python calls the value; the salt of its key.
fn identifier(purpose: Purpose, context: &str) -> Cow<'_, str> {
    match purpose {
        Purpose::Session | Purpose::StatefulId if context.is_empty() => "_a0_session".into(),
        Purpose::Session | Purpose::StatefulId => context.into(),
        Purpose::Transaction => format!("_a0_tx:{context}").into(),
        // Not one of that package: only this SDK has such values.
        Purpose::Detour => "stepup_detour".into(),
        Purpose::MfaToken => "mfa_token".into(),
        Purpose::ConnectionTokens => format!("_a0_connection_tokens{context}").into(),
    }
}

pub(super) fn seal(key: &JweKey, json: Vec<u8>, random: &dyn Random) -> String {
    key.seal(HEADER, json, random)
}

pub(super) fn decrypt(
    value: &Compact<'_>,
    keys: &KeyCache,
    purpose: Purpose,
    context: &str,
) -> Result<(Vec<u8>, Envelope), OpenError> {
    if value.header != HEADER {
        let header = header::parse(value.header).map_err(|_| OpenError::Invalid)?;
        jwe::check_algorithm(&header, Encryption::A256CbcHs512).map_err(|_| OpenError::Invalid)?;
    }
    let (json, stale_secret) = keys.decrypt(value, purpose, context)?;
    Ok((json, Envelope { stale_secret, time: Time::Nowhere }))
}
