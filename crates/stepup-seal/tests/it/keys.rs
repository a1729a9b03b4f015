//! HKDF, thumbprints, and what is accepted as a key.

use serde_json::json;
use stepup_seal::{
    base64url, hkdf,
    jws::{Algorithm, KeyError, SigningKey, VerificationKey},
    thumbprint,
};

use crate::support::{cases, jwk, text};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn rfc5869_hkdf_sha256() {
    let salt: Vec<u8> = (0..=12).collect();
    let info: Vec<u8> = (0xf0..=0xf9).collect();
    assert_eq!(
        hex(&*hkdf::derive::<42>(&[0x0b; 22], &salt, &info)),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    );
    assert_eq!(
        hex(&*hkdf::derive::<42>(&[0x0b; 22], b"", b"")),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    );
}

#[test]
fn keys_are_derived_as_the_official_packages_do() {
    for case in cases("key-derivation-nextjs").iter().chain(&cases("key-derivation-python")) {
        let (secret, salt) = (text(&case["secret"]).as_bytes(), text(&case["salt"]).as_bytes());
        let info = text(&case["info"]).as_bytes();
        let derived = match case["length"].as_u64() {
            Some(32) => hex(&*hkdf::derive::<32>(secret, salt, info)),
            Some(64) => hex(&*hkdf::derive::<64>(secret, salt, info)),
            other => panic!("{other:?}"),
        };
        assert_eq!(derived, text(&case["key_hex"]), "{case}");
    }
}

#[test]
fn rfc7638_and_rfc8037_thumbprints() {
    let rsa = jwk(&json!({
        "kty": "RSA", "alg": "RS256", "kid": "2011-04-29", "e": "AQAB",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n\
              3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0z\
              gdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-cs\
              FCur-kEgU8awapJzKnqDKgw"
    }));
    assert_eq!(thumbprint::sha256(&rsa).unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    let ed25519 = jwk(&json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    }));
    assert_eq!(thumbprint::sha256(&ed25519).unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert!(
        thumbprint::sha256(&jwk(&json!({"kty": "EC", "x": "AA"}))).unwrap_err().to_string().contains("`crv`")
    );
    assert!(thumbprint::sha256(&jwk(&json!({"kty": "AKP"}))).is_err());
}

#[test]
fn a_generated_key_is_kept_and_comes_back() {
    for key in [SigningKey::generate_rsa2048().unwrap(), SigningKey::generate_p256().unwrap()] {
        let again = SigningKey::from_pkcs8_der(&key.pkcs8_der(), key.algorithm()).unwrap();
        let public = key.public_jwk().unwrap();
        assert_eq!(again.public_jwk().unwrap(), public);
        assert_eq!(
            (public.alg.as_deref(), public.usage.as_deref()),
            (Some(key.algorithm().name()), Some("sig"))
        );
        assert!(public.d.is_none());
        assert!(VerificationKey::from_jwk(&public).unwrap().supports(key.algorithm()));
        assert_eq!(format!("{key:?}"), format!("SigningKey {{ algorithm: {:?}, .. }}", key.algorithm()));
    }
}

#[test]
fn a_key_is_used_with_what_its_type_allows_and_nothing_else() {
    let rsa = SigningKey::generate_rsa2048().unwrap().public_jwk().unwrap();
    let open = VerificationKey::from_jwk(&stepup_protocol::jwk::Jwk { alg: None, ..rsa.clone() }).unwrap();
    for algorithm in Algorithm::ASYMMETRIC.into_iter().chain(Algorithm::HMAC) {
        assert_eq!(open.supports(algorithm), Algorithm::RSA.contains(&algorithm), "{algorithm}");
    }
    let restricted = VerificationKey::from_jwk(&rsa).unwrap();
    assert!(restricted.supports(Algorithm::Rs256) && !restricted.supports(Algorithm::Rs512));
    assert!(matches!(
        restricted.verify(Algorithm::Hs256, b"message", b"signature"),
        Err(stepup_seal::jws::JwsError::AlgorithmNotAllowed(Algorithm::Hs256))
    ));

    let secret =
        VerificationKey::from_jwk(&jwk(&json!({"kty": "oct", "k": base64url::encode([1; 48])}))).unwrap();
    for algorithm in Algorithm::ASYMMETRIC.into_iter().chain(Algorithm::HMAC) {
        assert_eq!(
            secret.supports(algorithm),
            [Algorithm::Hs256, Algorithm::Hs384].contains(&algorithm),
            "{algorithm}"
        );
    }
}

#[test]
fn keys_that_cannot_be_used_say_why() {
    let refused = |value| VerificationKey::from_jwk(&jwk(&value)).unwrap_err();
    assert!(matches!(
        refused(json!({"kty": "RSA", "n": base64url::encode([0xff; 128]), "e": "AQAB"})),
        KeyError::TooShort { bits: 1024, .. }
    ));
    assert!(matches!(
        refused(json!({"kty": "RSA", "n": base64url::encode([0xff; 256]), "e": "AQAB", "alg": "HS256"})),
        KeyError::Unsupported(_)
    ));
    assert!(matches!(
        refused(json!({"kty": "RSA", "n": "AA", "e": "AQAB", "use": "enc"})),
        KeyError::Unsupported(_)
    ));
    assert!(matches!(refused(json!({"kty": "RSA", "e": "AQAB"})), KeyError::MissingMember("n")));
    assert!(matches!(
        refused(json!({"kty": "RSA", "n": "", "e": "AQAB"})),
        KeyError::TooShort { bits: 0, .. }
    ));
    assert!(matches!(
        refused(
            json!({"kty": "EC", "crv": "P-256", "x": base64url::encode([1; 32]), "y": base64url::encode([1; 32])})
        ),
        KeyError::Rejected { .. }
    ));
    assert!(matches!(
        refused(json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"})),
        KeyError::Member("x")
    ));
    assert!(matches!(
        refused(json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"})),
        KeyError::Unsupported(_)
    ));
    assert!(matches!(refused(json!({"kty": "OKP", "crv": "X25519", "x": "AA"})), KeyError::Unsupported(_)));
    assert!(matches!(refused(json!({"kty": "oct", "k": "AA"})), KeyError::TooShort { bits: 8, .. }));
    assert!(matches!(
        refused(json!({"kty": "oct", "k": base64url::encode([1; 32]), "alg": "HS512"})),
        KeyError::TooShort { bits: 256, .. }
    ));
    assert!(matches!(
        refused(json!({"kty": "oct", "k": base64url::encode([1; 64]), "alg": "RS256"})),
        KeyError::Unsupported(_)
    ));
    assert!(matches!(refused(json!({"kty": "AKP"})), KeyError::Unsupported(_)));

    assert!(matches!(
        SigningKey::from_pkcs8_pem("-----BEGIN RSA PRIVATE KEY-----", Algorithm::Rs256),
        Err(KeyError::Pem)
    ));
    assert!(matches!(
        SigningKey::from_pkcs8_der(b"nothing", Algorithm::Es384),
        Err(KeyError::Rejected { .. })
    ));
    assert!(matches!(
        SigningKey::from_pkcs8_der(b"nothing", Algorithm::Hs256),
        Err(KeyError::Unsupported(_))
    ));
    let p256 = SigningKey::generate_p256().unwrap().pkcs8_der();
    assert!(matches!(SigningKey::from_pkcs8_der(&p256, Algorithm::Es384), Err(KeyError::Rejected { .. })));
    assert!(matches!(SigningKey::hmac(b"short", Algorithm::Hs256), Err(KeyError::TooShort { .. })));
}
