//! The token that travels with a redirect: a JWT signed with HS256 under a secret of the Action's own.

use serde_json::{Map, Value};
use stepup_protocol::time::UnixTime;
use stepup_seal::jws::{Algorithm, JwsError, KeyError, KeySet, SigningKey, VerificationKey};
use zeroize::Zeroizing;

/// Signs `claims` with `iat` and `exp` added; `expires_in` in seconds.
pub(super) fn encode(
    secret: &str,
    mut claims: Map<String, Value>,
    expires_in: i64,
    now: UnixTime,
) -> Result<String, String> {
    claims.insert("iat".to_owned(), now.seconds().into());
    claims.insert("exp".to_owned(), now.seconds().saturating_add(expires_in).into());
    let key = SigningKey::hmac(&key_bytes(secret), Algorithm::Hs256).map_err(|error| unusable(&error))?;
    key.sign("JWT", None, &claims).map_err(|error| error.to_string())
}

/// The claims of a token that `secret` signed, that has not expired and that was made for `state`.
pub(super) fn validate(
    secret: &str,
    token: &str,
    state: &str,
    now: UnixTime,
) -> Result<Map<String, Value>, String> {
    if token.is_empty() {
        return Err("the session token is missing".to_owned());
    }
    let key =
        VerificationKey::hmac(&key_bytes(secret), Algorithm::Hs256).map_err(|error| unusable(&error))?;
    let keys: KeySet = std::iter::once(key).collect();
    let verified = keys.verify(token, &[Algorithm::Hs256]).map_err(|error| match error {
        JwsError::Signature | JwsError::NoMatchingKey { .. } => {
            "the signature of the session token is wrong".to_owned()
        }
        other => format!("the session token is not valid: {other}"),
    })?;
    let claims: Map<String, Value> =
        verified.claims().map_err(|_| "the session token holds no claims".to_owned())?;
    if claims.get("exp").and_then(Value::as_i64).is_none_or(|exp| exp <= now.seconds()) {
        return Err("the session token has expired".to_owned());
    }
    if claims
        .get("state")
        .and_then(Value::as_str)
        .is_none_or(|claimed| claimed.is_empty() || claimed != state)
    {
        return Err("the `state` of the session token is not that of this request".to_owned());
    }
    Ok(claims)
}

/// The secret, as long as RFC 7518 section 3.2 asks of a key. HMAC pads a short key with zeros itself, so signatures are
/// the same as without; secrets of Actions that run elsewhere may be that short.
fn key_bytes(secret: &str) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(secret.as_bytes().to_vec());
    let length = key.len().max(32);
    key.resize(length, 0);
    key
}

fn unusable(error: &KeyError) -> String {
    format!("`secret` cannot be used: {error}")
}
