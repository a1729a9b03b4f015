//! `jsonwebtoken` as a second opinion: each reads what the other signs.

use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use stepup_protocol::jwk::JwkSet;
use stepup_seal::jws::{Algorithm, KeySet, SigningKey, VerificationKey};

use crate::support::fixture;

fn theirs(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    algorithm.name().parse().unwrap()
}

fn decode(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Value {
    let mut validation = Validation::new(theirs(algorithm));
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    jsonwebtoken::decode::<Value>(token, key, &validation).unwrap().claims
}

#[test]
fn rsa_both_ways() {
    let proofs = fixture("proofs");
    let pem = proofs["client_assertion"]["private_key_pem"].as_str().unwrap();
    for algorithm in Algorithm::RSA {
        let ours = SigningKey::from_pkcs8_pem(pem, algorithm).unwrap();
        let public = ours.public_jwk().unwrap();
        let keys = KeySet::new(&JwkSet { keys: vec![public.clone()] });
        let their_key = DecodingKey::from_rsa_components(&public.n.unwrap(), &public.e.unwrap()).unwrap();
        let claims = json!({"sub": "ada", "alg": algorithm.name()});

        let token = ours.sign("JWT", Some("one"), &claims).unwrap();
        assert_eq!(decode(&token, &their_key, algorithm), claims);
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!((header.typ.as_deref(), header.kid.as_deref()), (Some("JWT"), Some("one")));

        let encoding = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        let token = jsonwebtoken::encode(&Header::new(theirs(algorithm)), &claims, &encoding).unwrap();
        assert_eq!(keys.verify(&token, &[algorithm]).unwrap().claims::<Value>().unwrap(), claims);
    }
}

#[test]
fn p256_both_ways() {
    let ours = SigningKey::generate_p256().unwrap();
    let public = ours.public_jwk().unwrap();
    let keys = KeySet::new(&JwkSet { keys: vec![public.clone()] });
    let their_key = DecodingKey::from_ec_components(&public.x.unwrap(), &public.y.unwrap()).unwrap();
    let claims = json!({"sub": "ada"});

    let token = ours.sign("JWT", None, &claims).unwrap();
    assert_eq!(decode(&token, &their_key, Algorithm::Es256), claims);

    let encoding = EncodingKey::from_ec_der(&ours.pkcs8_der());
    let token =
        jsonwebtoken::encode(&Header::new(jsonwebtoken::Algorithm::ES256), &claims, &encoding).unwrap();
    assert_eq!(keys.verify(&token, &[Algorithm::Es256]).unwrap().claims::<Value>().unwrap(), claims);
}

#[test]
fn hmac_both_ways() {
    let secret = [5; 64];
    for algorithm in Algorithm::HMAC {
        let claims = json!({"sub": "ada"});
        let token = SigningKey::hmac(&secret, algorithm).unwrap().sign("JWT", None, &claims).unwrap();
        assert_eq!(decode(&token, &DecodingKey::from_secret(&secret), algorithm), claims);

        let token = jsonwebtoken::encode(
            &Header::new(theirs(algorithm)),
            &claims,
            &EncodingKey::from_secret(&secret),
        )
        .unwrap();
        let keys: KeySet = [VerificationKey::hmac(&secret, algorithm).unwrap()].into_iter().collect();
        assert_eq!(keys.verify(&token, &[algorithm]).unwrap().claims::<Value>().unwrap(), claims);
    }
}
