//! Values that @auth0/auth0-server-js sealed: no form of ours, but made of the same parts.

use serde_json::Value;
use stepup_seal::{
    hkdf,
    jwe::{self, JweError, JweKey},
};

use crate::support::{cases, text};

fn key(secret: &str, identifier: &str, kid: &str) -> JweKey {
    let salt = format!("{identifier}{kid}");
    JweKey::a256cbc_hs512(&hkdf::derive(
        secret.as_bytes(),
        salt.as_bytes(),
        b"derived cookie encryption secret",
    ))
}

/// The cookies of a case put together in order, and what they are called.
fn value(case: &Value) -> (String, String) {
    let cookies = case["cookies"].as_object().unwrap();
    let mut chunks: Vec<_> = cookies.iter().collect();
    chunks.sort_by_key(|(name, _)| name.rsplit('.').next().unwrap().parse::<usize>().unwrap_or(0));
    let name = chunks[0].0.split('.').next().unwrap().to_owned();
    (name, chunks.into_iter().map(|(_, chunk)| text(chunk)).collect())
}

#[test]
fn cookies_open_with_the_key_their_kid_names() {
    for case in cases("server-js") {
        let (identifier, value) = value(&case);
        let header = jwe::peek(&value, 64 * 1024).unwrap();
        let kid = text(&header["kid"]);
        let secrets: Vec<&str> = match case["secret"].as_str() {
            Some(secret) => vec![secret],
            None => case["read_with"].as_array().unwrap().iter().map(text).collect(),
        };
        let opened = secrets
            .iter()
            .find_map(|secret| jwe::open(&key(secret, &identifier, kid), &value, 64 * 1024).ok());
        let payload: Value = serde_json::from_slice(&opened.unwrap().plaintext).unwrap();
        assert_eq!(payload, case["read_back"], "{}", case["name"]);

        let other = key(secrets[0], "other", kid);
        assert!(matches!(jwe::open(&other, &value, 64 * 1024), Err(JweError::Decryption)));
    }
}
