//! Compact JWS and key sets: what was signed verifies to the same, and nothing that differs in one character does.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use stepup_fuzz::choose;
use stepup_protocol::jwk::JwkSet;
use stepup_seal::jws::{self, Algorithm, KeySet, SigningKey, VerificationKey};

const ALLOWED: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::Hs256];

static HMAC: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::hmac(&[7; 32], Algorithm::Hs256).expect("a key"));
static P256: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate_p256().expect("a key"));

fuzz_target!(|data: &[u8]| {
    let Some((way, data)) = choose(data, &['t', 'h', 'e', 'k']) else { return };
    match way {
        't' => token(data),
        'h' => signed(&HMAC, data),
        'e' => signed(&P256, data),
        _ => key_set(data),
    }
});

fn keys() -> KeySet {
    let hmac = VerificationKey::hmac(&[7; 32], Algorithm::Hs256).expect("a key");
    let p256 = VerificationKey::from_jwk(&P256.public_jwk().expect("a public key")).expect("a key");
    [hmac, p256].into_iter().collect()
}

/// A token as it comes. The fuzzer has no key, but may have one of its own in the header.
fn token(data: &[u8]) {
    let Ok(token) = std::str::from_utf8(data) else { return };
    let header = jws::peek(token);
    assert!(keys().verify(token, &[Algorithm::Es256]).is_err(), "{token} is signed by nobody");
    if jws::verify_self_signed(token, &ALLOWED).is_ok() {
        assert!(header.is_ok_and(|header| header.alg != Algorithm::Hs256), "anybody could sign {token}");
    }
}

fn signed(key: &SigningKey, data: &[u8]) {
    let Some((place, data)) = data.split_first() else { return };
    let Ok(claims) = serde_json::from_slice::<Value>(data) else { return };
    let Ok(token) = key.sign("JWT", None, &claims) else { return };
    let verified = keys().verify(&token, &ALLOWED).expect("what was signed verifies");
    if let Ok(again) = verified.claims::<Value>() {
        assert_eq!(again, serde_json::from_str::<Value>(&claims.to_string()).expect("JSON"));
    }
    let place = usize::from(*place) % token.len();
    let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
    let tampered = format!("{}{other}{}", &token[..place], &token[place + 1..]);
    assert!(keys().verify(&tampered, &ALLOWED).is_err(), "{tampered} verifies");
}

/// A key set as a tenant may publish it.
fn key_set(data: &[u8]) {
    let Ok(set) = serde_json::from_slice::<JwkSet>(data) else { return };
    let keys = KeySet::new(&set);
    assert!(keys.len() <= set.keys.len());
    let forged = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";
    assert!(keys.verify(forged, &[Algorithm::Rs256]).is_err(), "a key of the set takes any signature");
}
