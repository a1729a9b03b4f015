//! What a phone signs, and how it presents a token.

use bytes::Bytes;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use stepup_protocol::{jwk::Jwk, time::UnixTime};
use stepup_seal::jws::{Algorithm, VerificationKey};

use super::Failure;
use crate::{model::PushDevice, pipeline::header_text};

/// The longest name or identifier that is taken, in characters.
const LONGEST_NAME: usize = 256;
/// How far a phone's clock may be ahead, in seconds.
const SKEW: i64 = 60;

/// The claims of `token`, if the phone signed it (RS256).
pub(super) fn claims<T: DeserializeOwned>(device: &PushDevice, token: &str) -> Result<T, Failure> {
    let key: Jwk = serde_json::from_value(device.public_key.clone())
        .map_err(|_| Failure::Token("the enrolled key cannot be used"))?;
    let key =
        VerificationKey::from_jwk(&key).map_err(|_| Failure::Token("the enrolled key cannot be used"))?;
    let verified = key
        .verify_token(token, &[Algorithm::Rs256])
        .map_err(|_| Failure::Token("it is not signed with the enrolled key"))?;
    verified.claims().map_err(|_| Failure::Token("a claim is missing or mistyped"))
}

/// Whether something that was signed at `iat` for `lifetime` seconds at most is good at `now`.
pub(super) fn fresh(iat: i64, exp: i64, lifetime: i64, now: UnixTime) -> Result<(), Failure> {
    let now = now.seconds();
    if exp <= now {
        Err(Failure::Token("it has expired"))
    } else if iat > now.saturating_add(SKEW) || exp > iat.saturating_add(lifetime + SKEW) {
        Err(Failure::Token("its iat or exp is too far in the future"))
    } else {
        Ok(())
    }
}

/// What stands after `scheme` in the `Authorization` header.
pub(super) fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Result<&'a str, Failure> {
    header_text(headers, header::AUTHORIZATION)
        .and_then(|value| value.split_once(' '))
        .filter(|(its, _)| its.eq_ignore_ascii_case(scheme))
        .map(|(_, credentials)| credentials.trim())
        .filter(|credentials| !credentials.is_empty())
        .ok_or(Failure::Token("the Authorization header is missing or of another scheme"))
}

/// The body, as JSON.
pub(super) fn body<T: DeserializeOwned>(body: &Bytes) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::Validation(error.to_string()))
}

/// A name or identifier of a device.
pub(super) fn name(what: &str, text: String) -> Result<String, Failure> {
    if text.trim().is_empty() || text.chars().count() > LONGEST_NAME {
        return Err(Failure::Validation(format!("{what} must have 1 to {LONGEST_NAME} characters")));
    }
    Ok(text)
}

/// A phone's public key: RSA, as the answers are RS256.
pub(super) fn public_key(key: &Jwk) -> Result<serde_json::Value, Failure> {
    let key = Jwk { kty: key.kty.clone(), n: key.n.clone(), e: key.e.clone(), ..Jwk::default() };
    let usable = VerificationKey::from_jwk(&key).is_ok_and(|key| key.supports(Algorithm::Rs256));
    if !usable {
        return Err(Failure::Validation("public_key must be an RSA key of 2048 bits or more".to_owned()));
    }
    serde_json::to_value(&key).map_err(|error| Failure::Validation(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_good_for_a_while() {
        let now = UnixTime::from_seconds(1000);
        for (iat, exp, good) in [
            (1000, 1030, true),
            (1059, 1089, true),
            (980, 1010, true),
            (960, 1000, false),
            (1000, 1091, false),
            (1100, 1130, false),
            (i64::MIN, i64::MAX, false),
            (i64::MAX, i64::MAX, false),
        ] {
            assert_eq!(fresh(iat, exp, 30, now).is_ok(), good, "{iat} {exp}");
        }
    }
}
