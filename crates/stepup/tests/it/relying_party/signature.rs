//! Rows of signatures and keys.

use serde_json::json;
use stepup_seal::{
    base64url,
    jws::{Algorithm, SigningKey},
};

use super::{
    ada, login,
    provider::{Login, Provider, published, rsa},
};
use crate::client_proof::DPOP_KEY;

const WRONG_SIGNATURE: &str = "the token's signature is wrong";

fn es256() -> SigningKey {
    SigningKey::from_pkcs8_pem(DPOP_KEY, Algorithm::Es256).unwrap()
}

/// `token` with a byte of its signature changed.
fn tampered(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut signature = base64url::decode(signature).unwrap();
    signature[10] ^= 1;
    format!("{signed}.{}", base64url::encode(signature))
}

#[tokio::test]
async fn rp_id_token_sig_rs256() {
    let mut login = login().await;
    let token = login.with_claims(|_| ());
    assert_eq!(login.end_with(&token).await, ada());
}

#[tokio::test]
async fn rp_id_token_sig_es256() {
    let mut login = login().await;
    login.provider.publish(vec![published(&es256(), Some("k1"))]);
    let token = es256().sign("JWT", Some("k1"), &login.claims()).unwrap();
    assert_eq!(login.end_with(&token).await, ada());
}

#[tokio::test]
async fn rp_id_token_bad_sig_rs256() {
    let mut login = login().await;
    let token = tampered(&login.with_claims(|_| ()));
    assert_eq!(login.end_with(&token).await.unwrap_err(), WRONG_SIGNATURE);
}

#[tokio::test]
async fn rp_id_token_bad_sig_es256() {
    let mut login = login().await;
    login.provider.publish(vec![published(&es256(), Some("k1"))]);
    let token = tampered(&es256().sign("JWT", Some("k1"), &login.claims()).unwrap());
    assert_eq!(login.end_with(&token).await.unwrap_err(), WRONG_SIGNATURE);
}

/// Claims of one token under the signature of another.
#[tokio::test]
async fn rp_id_token_bad_sig_other_payload() {
    let mut login = login().await;
    let (good, other) =
        (login.with_claims(|_| ()), login.with_claims(|claims| claims["sub"] = json!("auth0|eve")));
    let (head, _) = other.rsplit_once('.').unwrap();
    let (_, signature) = good.rsplit_once('.').unwrap();
    assert_eq!(login.end_with(&format!("{head}.{signature}")).await.unwrap_err(), WRONG_SIGNATURE);
}

/// A key of the provider's for an algorithm that it does not list, and RS256 where it lists nothing.
#[tokio::test]
async fn rp_id_token_sig_alg_not_listed() {
    for (listed, refused) in
        [(json!(["RS256"]), true), (json!(null), true), (json!(["RS256", "ES256"]), false)]
    {
        let provider = Provider::new();
        provider.discovery(|document| document["id_token_signing_alg_values_supported"] = listed.clone());
        provider.publish(vec![published(&es256(), Some("k1")), published(&rsa(), Some("k2"))]);
        let mut login = Login::begin(&provider).await;
        let token = es256().sign("JWT", Some("k1"), &login.claims()).unwrap();
        let end = if refused {
            Err("the token is signed with ES256, which is not accepted here".to_owned())
        } else {
            ada()
        };
        assert_eq!(login.end_with(&token).await, end, "{listed}");
        login.begin_again("/auth/login").await;
        let token = rsa().sign("JWT", Some("k2"), &login.claims()).unwrap();
        assert_eq!(login.end_with(&token).await, ada(), "{listed}");
    }
}

/// Whatever the provider lists: a secret that it shares with the client signs nothing here.
#[tokio::test]
async fn rp_id_token_sig_hs256() {
    let mut login = login().await;
    let key = SigningKey::hmac(b"client-secret-1 and more to be long enough", Algorithm::Hs256).unwrap();
    let token = key.sign("JWT", None, &login.claims()).unwrap();
    assert_eq!(
        login.end_with(&token).await.unwrap_err(),
        "the token is signed with HS256, which is not accepted here"
    );
}

/// HS256 with the public key, which everybody knows, as the secret.
#[tokio::test]
async fn rp_id_token_bad_sig_hs256() {
    let public = rsa().public_jwk().unwrap();
    for secret in
        [base64url::decode(public.n.as_ref().unwrap()).unwrap(), json!(public).to_string().into_bytes()]
    {
        let mut login = login().await;
        let key = SigningKey::hmac(&secret, Algorithm::Hs256).unwrap();
        let token = key.sign("JWT", Some("k1"), &login.claims()).unwrap();
        assert_eq!(
            login.end_with(&token).await.unwrap_err(),
            "the token is signed with HS256, which is not accepted here"
        );
    }
}

#[tokio::test]
async fn rp_id_token_sig_none() {
    for name in ["none", "None", "NONE"] {
        let mut login = login().await;
        let header = base64url::encode(json!({ "alg": name }).to_string());
        let token = format!("{header}.{}.", base64url::encode(login.claims().to_string()));
        let error = login.end_with(&token).await.unwrap_err();
        assert_eq!(error, format!("`{name}` is not a signature algorithm that is supported"));
    }
}

#[tokio::test]
async fn rp_id_token_kid_absent_single_jwks() {
    let mut login = login().await;
    let token = rsa().sign("JWT", None, &login.claims()).unwrap();
    assert_eq!(login.end_with(&token).await, ada());
}

/// Every key for the algorithm is tried: one of them fits, or none.
#[tokio::test]
async fn rp_id_token_kid_absent_multiple_jwks() {
    let provider = Provider::new();
    let other = SigningKey::generate_rsa2048().unwrap();
    provider.publish(vec![
        published(&other, Some("k1")),
        published(&es256(), Some("k2")),
        published(&rsa(), Some("k3")),
    ]);
    let mut login = Login::begin(&provider).await;
    let token = rsa().sign("JWT", None, &login.claims()).unwrap();
    assert_eq!(login.end_with(&token).await, ada());

    login.begin_again("/auth/login").await;
    let stranger = SigningKey::generate_rsa2048().unwrap();
    let token = stranger.sign("JWT", None, &login.claims()).unwrap();
    assert_eq!(login.end_with(&token).await.unwrap_err(), WRONG_SIGNATURE);
}

#[tokio::test]
async fn rp_id_token_kid_unknown() {
    let mut login = login().await;
    let token = rsa().sign("JWT", Some("k9"), &login.claims()).unwrap();
    let error = login.end_with(&token).await.unwrap_err();
    assert_eq!(error, "no key of the set fits the token (kid Some(\"k9\"), alg RS256)");
}

/// Two keys of one name: the one that fits counts, and nothing is accepted that fits neither.
#[tokio::test]
async fn rp_id_token_kid_repeated() {
    let provider = Provider::new();
    let other = SigningKey::generate_rsa2048().unwrap();
    provider.publish(vec![published(&other, Some("k1")), published(&rsa(), Some("k1"))]);
    let mut login = Login::begin(&provider).await;
    let token = login.with_claims(|_| ());
    assert_eq!(login.end_with(&token).await, ada());

    login.begin_again("/auth/login").await;
    let stranger = SigningKey::generate_rsa2048().unwrap();
    let token = stranger.sign("JWT", Some("k1"), &login.claims()).unwrap();
    assert_eq!(login.end_with(&token).await.unwrap_err(), WRONG_SIGNATURE);
}

/// A key is for what its `use` and `alg` say.
#[tokio::test]
async fn rp_discovery_jwks_uri_keys() {
    for (member, value) in [("use", "enc"), ("alg", "RS512"), ("alg", "RSA-OAEP")] {
        let provider = Provider::new();
        let mut key = published(&rsa(), Some("k1"));
        key[member] = json!(value);
        provider.publish(vec![key, published(&es256(), Some("k2"))]);
        let mut login = Login::begin(&provider).await;
        let token = login.with_claims(|_| ());
        let error = login.end_with(&token).await.unwrap_err();
        assert_eq!(error, "no key of the set fits the token (kid Some(\"k1\"), alg RS256)", "{value}");
    }
}

/// A token does not bring its own key, and no extension that is not understood (RFC 7515 section 4.1.11).
#[tokio::test]
async fn rp_id_token_header() {
    let stranger = SigningKey::generate_p256().unwrap();
    let mut login = login().await;
    let token = stranger.sign_with_jwk("JWT", &stranger.public_jwk().unwrap(), &login.claims()).unwrap();
    let error = login.end_with(&token).await.unwrap_err();
    assert_eq!(error, "no key of the set fits the token (kid None, alg ES256)");

    login.begin_again("/auth/login").await;
    let header = base64url::encode(r#"{"alg":"RS256","kid":"k1","crit":["exp"]}"#);
    let token = login.with_claims(|_| ());
    let token = format!("{header}.{}", token.split_once('.').unwrap().1);
    assert!(login.end_with(&token).await.unwrap_err().contains("crit"));
}

#[tokio::test]
async fn rp_key_rotation_op_sign_key() {
    let mut login = login().await;
    let token = login.with_claims(|_| ());
    assert_eq!(login.end_with(&token).await, ada());
    let next = SigningKey::generate_rsa2048().unwrap();
    login.provider.publish(vec![published(&next, Some("k2"))]);
    login.clock.advance(std::time::Duration::from_secs(31));

    login.begin_again("/auth/login").await;
    let token = next.sign("JWT", Some("k2"), &login.claims()).unwrap();
    assert_eq!(login.end_with(&token).await, ada());
    assert_eq!(login.provider.requests("/jwks.json").len(), 2, "looked for once");

    login.begin_again("/auth/login").await;
    let old = login.with_claims(|_| ());
    assert!(login.end_with(&old).await.unwrap_err().contains("k1"), "the old key is gone");
}
