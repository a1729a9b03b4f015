//! What oauth4webapi makes: DPoP proofs, a client assertion, PKCE pairs.

use serde_json::Value;
use stepup_protocol::jwk::JwkSet;
use stepup_seal::{
    base64url, digest,
    jws::{Algorithm, JwsError, KeySet, SigningKey, VerificationKey, verify_self_signed},
    thumbprint,
};

use crate::support::{fixture, jwk, text};

#[test]
fn dpop_proofs_verify_and_name_their_key() {
    let dpop = &fixture("proofs")["dpop"];
    let public = jwk(&dpop["public_jwk"]);
    assert_eq!(thumbprint::sha256(&public).unwrap(), text(&dpop["jkt"]));
    assert_eq!(thumbprint::sha256(&jwk(&dpop["private_jwk"])).unwrap(), text(&dpop["jkt"]));
    assert_eq!(base64url::encode(digest::sha256(text(&dpop["access_token"]).as_bytes())), text(&dpop["ath"]));
    let keys: KeySet = [VerificationKey::from_jwk(&public).unwrap()].into_iter().collect();
    for proof in dpop["proofs"].as_array().unwrap() {
        let verified = keys.verify(text(&proof["dpop"]), &[Algorithm::Es256]).unwrap();
        assert_eq!(verified.header.typ.as_deref(), Some("dpop+jwt"));
        assert_eq!(verified.claims::<Value>().unwrap(), proof["payload"]);
    }
}

#[test]
fn a_client_assertion_verifies_and_its_key_is_read() {
    let assertion = &fixture("proofs")["client_assertion"];
    let signing = SigningKey::from_pkcs8_pem(text(&assertion["private_key_pem"]), Algorithm::Rs256).unwrap();
    let public = signing.public_jwk().unwrap();
    assert_eq!(public.n, jwk(&assertion["public_jwk"]).n);
    assert_eq!(public.e.as_deref(), Some("AQAB"));
    let verified = KeySet::new(&JwkSet { keys: vec![public] })
        .verify(text(&assertion["client_assertion"]), &[Algorithm::Rs256])
        .unwrap();
    assert_eq!(verified.claims::<Value>().unwrap(), assertion["payload"]);
}

#[test]
fn pkce_challenges_are_hashes_of_their_verifiers() {
    for pair in fixture("proofs")["pkce"].as_array().unwrap() {
        let hash = digest::sha256(text(&pair["verifier"]).as_bytes());
        assert_eq!(base64url::encode(hash), text(&pair["challenge"]));
    }
}

#[test]
fn a_proof_brings_its_own_public_key() {
    let dpop = &fixture("proofs")["dpop"];
    for proof in dpop["proofs"].as_array().unwrap() {
        let proof = text(&proof["dpop"]);
        let own = verify_self_signed(proof, &[Algorithm::Es256]).unwrap();
        assert_eq!(thumbprint::sha256(&own.jwk).unwrap(), text(&dpop["jkt"]));
        assert!(verify_self_signed(proof, &[Algorithm::Rs256]).is_err());
        assert!(verify_self_signed(&format!("{proof}A"), &[Algorithm::Es256]).is_err());
    }
}

#[test]
fn a_proof_without_a_public_key_is_refused() {
    let pair = SigningKey::generate_p256().unwrap();
    let public = serde_json::to_value(pair.public_jwk().unwrap()).unwrap();
    let mut private = public.clone();
    private["d"] = "AAAA".into();
    let symmetric = serde_json::json!({ "kty": "oct", "k": base64url::encode([7; 32]) });
    for jwk in [private, symmetric, Value::Null, serde_json::json!({}), "text".into()] {
        let header = serde_json::json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": jwk });
        let token = format!(
            "{}.{}.{}",
            base64url::encode(header.to_string()),
            base64url::encode("{}"),
            base64url::encode([0; 64])
        );
        assert!(matches!(verify_self_signed(&token, &[Algorithm::Es256]), Err(JwsError::EmbeddedKey)));
    }
}
