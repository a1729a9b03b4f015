//! Whatever comes in, nothing panics and nothing opens.

use proptest::prelude::*;
use serde_json::Value;
use stepup_protocol::jwk::{Jwk, JwkSet};
use stepup_seal::{
    Format, Purpose, Sealer, base64url,
    jwe::{self, JweKey},
    jws::{Algorithm, KeySet, SigningKey, VerificationKey, peek},
    thumbprint,
};

use crate::support::{NOW, SECRET, secrets};

/// Text of the kind that tokens are made of, and now and then anything at all.
fn token_like() -> impl Strategy<Value = String> {
    let header = prop_oneof![
        Just("eyJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0".to_owned()),
        Just("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0".to_owned()),
        any::<i64>().prop_map(|exp| base64url::encode(format!(
            r#"{{"alg":"dir","enc":"A256GCM","typ":"stepup-session-v1","exp":{exp}}}"#
        ))),
        ".*".prop_map(base64url::encode),
        r#"\{("(alg|enc|typ|kid|exp|iat|crit)":("dir"|"A256GCM"|"HS256"|null|[0-9]{1,25}),?){0,4}\}"#
            .prop_map(base64url::encode),
    ];
    let segment = "[A-Za-z0-9_-]{0,80}";
    prop_oneof![
        (header, prop::collection::vec(segment, 0..6))
            .prop_map(|(header, rest)| format!("{header}.{}", rest.join("."))),
        ".*",
    ]
}

proptest! {
    #[test]
    fn nothing_panics_and_nothing_opens(token in token_like()) {
        for format in [Format::Stepup, Format::NextjsAuth0, Format::Auth0ServerPython] {
            let sealer = Sealer::new(&secrets([SECRET]), format);
            for purpose in Purpose::ALL {
                prop_assert!(sealer.open::<Value>(purpose, "", &token, NOW).is_err());
            }
        }
        for key in [JweKey::a256gcm(&[1; 32]), JweKey::a256cbc_hs512(&[1; 64])] {
            prop_assert!(jwe::open(&key, &token, 1 << 20).is_err());
        }
        let keys: KeySet = [VerificationKey::hmac(&[7; 32], Algorithm::Hs256).unwrap()].into_iter().collect();
        prop_assert!(keys.verify(&token, &[Algorithm::Hs256]).is_err());
        let _ = peek(&token);
    }

    #[test]
    fn no_key_makes_anything_panic(
        kty in prop_oneof![Just("RSA".to_owned()), Just("EC".to_owned()), Just("OKP".to_owned()), Just("oct".to_owned()), ".*"],
        crv in prop::option::of(prop_oneof![Just("P-256".to_owned()), Just("P-521".to_owned()), Just("Ed25519".to_owned())]),
        members in prop::array::uniform5(prop::option::of(prop::collection::vec(any::<u8>(), 0..300))),
        alg in prop::option::of(prop_oneof![Just("RS256".to_owned()), Just("HS256".to_owned()), ".*"]),
    ) {
        let [n, e, x, y, k] = members.map(|member| member.map(base64url::encode));
        let jwk = Jwk { kty, crv, n, e, x, y, k, alg, ..Jwk::default() };
        let _ = thumbprint::sha256(&jwk);
        let keys = KeySet::new(&JwkSet { keys: vec![jwk] });
        prop_assert!(keys.verify("eyJhbGciOiJSUzI1NiJ9.e30.AAAA", &[Algorithm::Rs256]).is_err());
    }

    #[test]
    fn no_private_key_makes_anything_panic(der in prop::collection::vec(any::<u8>(), 0..200), pem in ".*") {
        for algorithm in Algorithm::ASYMMETRIC {
            prop_assert!(SigningKey::from_pkcs8_der(&der, algorithm).is_err());
        }
        let pem = format!("-----BEGIN PRIVATE KEY-----{pem}-----END PRIVATE KEY-----");
        prop_assert!(SigningKey::from_pkcs8_pem(&pem, Algorithm::Rs256).is_err());
    }
}
