//! Rows of an ID token's claims (OIDC Core section 3.1.3.7).

use serde_json::{Value, json};
use stepup_seal::{base64url, digest, jws::SigningKey};

use super::{
    ada, login,
    provider::{Login, Provider, published},
};
use crate::support::{ISSUER, NOW};

/// How a login ends whose ID token has claims changed so.
async fn ends_with(change: impl FnOnce(&mut Value)) -> Result<String, String> {
    let mut login = login().await;
    let token = login.with_claims(change);
    login.end_with(&token).await
}

async fn refused_with(change: impl FnOnce(&mut Value)) -> String {
    ends_with(change).await.unwrap_err()
}

fn without(name: &'static str) -> impl FnOnce(&mut Value) {
    move |claims| drop(claims.as_object_mut().unwrap().remove(name))
}

#[tokio::test]
async fn rp_id_token_issuer_mismatch() {
    for issuer in
        ["https://other.example/", ISSUER.trim_end_matches('/'), "https://tenant.example.auth0.com//", ""]
    {
        let error = refused_with(|claims| claims["iss"] = json!(issuer)).await;
        assert_eq!(error, "the ID token's `iss` is another issuer", "{issuer}");
    }
    assert!(refused_with(without("iss")).await.starts_with("missing field `iss`"));
}

#[tokio::test]
async fn rp_id_token_aud() {
    for audience in [json!("client-2"), json!([]), json!(["client-2", "client-3"]), json!(["client-1 "])] {
        let error = refused_with(|claims| claims["aud"] = audience).await;
        assert_eq!(error, "the ID token's `aud` does not name this client");
    }
    assert!(refused_with(without("aud")).await.starts_with("missing field `aud`"));
    assert_eq!(ends_with(|claims| claims["aud"] = json!(["client-1"])).await, ada());
}

#[tokio::test]
async fn rp_id_token_azp() {
    let several = |azp: Value| {
        move |claims: &mut Value| {
            claims["aud"] = json!(["client-1", "https://api.example.com"]);
            claims["azp"] = azp;
        }
    };
    assert_eq!(ends_with(several(json!("client-1"))).await, ada());
    let other = "the ID token's `azp` is another client";
    assert_eq!(refused_with(several(json!("client-2"))).await, other);
    assert_eq!(
        refused_with(|claims| claims["azp"] = json!("client-2")).await,
        other,
        "beside one audience too"
    );
    let missing = "the ID token's `azp` is missing beside several audiences";
    assert_eq!(refused_with(several(Value::Null)).await, missing);
}

#[tokio::test]
async fn rp_id_token_iat() {
    assert!(refused_with(without("iat")).await.starts_with("missing field `iat`"));
    assert_eq!(
        refused_with(|claims| claims["iat"] = json!(NOW + 31)).await,
        "the ID token's `iat` is 31 seconds in the future: set this machine's clock right, or the tenant's"
    );
    assert_eq!(ends_with(|claims| claims["iat"] = json!(NOW + 30)).await, ada(), "clocks differ");
}

#[tokio::test]
async fn rp_id_token_sub() {
    assert!(refused_with(without("sub")).await.starts_with("missing field `sub`"));
    assert_eq!(refused_with(|claims| claims["sub"] = json!("")).await, "the ID token's `sub` is empty");
    assert!(refused_with(|claims| claims["sub"] = json!(7)).await.starts_with("invalid type"));
}

#[tokio::test]
async fn rp_id_token_exp() {
    let over = "the ID token's `exp` is over";
    assert_eq!(refused_with(|claims| claims["exp"] = json!(NOW - 30)).await, over);
    assert_eq!(ends_with(|claims| claims["exp"] = json!(NOW - 29)).await, ada(), "clocks differ");
    assert!(refused_with(without("exp")).await.starts_with("missing field `exp`"));
}

#[tokio::test]
async fn rp_id_token_nbf() {
    let early =
        "the ID token's `nbf` is 31 seconds in the future: set this machine's clock right, or the tenant's";
    assert_eq!(refused_with(|claims| claims["nbf"] = json!(NOW + 31)).await, early);
    assert_eq!(ends_with(|claims| claims["nbf"] = json!(NOW)).await, ada());
}

#[tokio::test]
async fn rp_nonce_invalid() {
    let other = "the ID token's `nonce` is not the one of this login";
    assert_eq!(refused_with(|claims| claims["nonce"] = json!("another")).await, other);
    assert_eq!(refused_with(without("nonce")).await, "the ID token's `nonce` is missing");

    // The token of a login before: everything about it is right but its nonce.
    let mut login = login().await;
    let replayed = login.with_claims(|_| ());
    assert_eq!(login.end_with(&replayed).await, ada());
    login.begin_again("/auth/login").await;
    assert_eq!(login.end_with(&replayed).await.unwrap_err(), other);
}

#[tokio::test]
async fn rp_id_token_bad_at_hash() {
    let hash = base64url::encode(&digest::sha256(b"at-1")[..16]);
    assert_eq!(ends_with(|claims| claims["at_hash"] = json!(hash)).await, ada());
    let whole = base64url::encode(digest::sha256(b"at-1"));
    let other = base64url::encode(&digest::sha256(b"at-2")[..16]);
    for wrong in [whole.as_str(), other.as_str(), ""] {
        let error = refused_with(|claims| claims["at_hash"] = json!(wrong)).await;
        assert_eq!(error, "the ID token's `at_hash` is not of the access token that came with it", "{wrong}");
    }
}

/// In the code flow it may be left out (section 3.1.3.6).
#[tokio::test]
async fn rp_id_token_missing_at_hash() {
    assert_eq!(ends_with(without("at_hash")).await, ada());
}

/// Section 3.1.2.1: who asks for a fresh login is told when it was.
#[tokio::test]
async fn rp_id_token_auth_time() {
    for (auth_time, end) in [
        (json!(NOW - 60), ada()),
        (json!(NOW - 91), Err("the ID token's `auth_time` is older than `max_age` allows".to_owned())),
        (
            Value::Null,
            Err("the ID token's `auth_time` is missing although `max_age` was asked for".to_owned()),
        ),
    ] {
        let path = "/auth/login?max_age=60";
        let mut login = Login::begin_with(&Provider::new(), path, |client| client.client_secret("s")).await;
        assert_eq!(login.asked["max_age"], "60");
        let token = login.with_claims(|claims| claims["auth_time"] = auth_time);
        assert_eq!(login.end_with(&token).await, end);
    }
}

/// Claims with another `sub` before the one that they have.
struct EveToo(Value);

impl serde::Serialize for EveToo {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let claims = self.0.as_object().unwrap();
        serializer.collect_map(
            [("sub", &json!("auth0|eve"))]
                .into_iter()
                .chain(claims.iter().map(|(name, value)| (name.as_str(), value))),
        )
    }
}

/// A claim that is there twice says two things.
#[tokio::test]
async fn rp_id_token_repeated_claim() {
    let key = SigningKey::generate_p256().unwrap();
    let provider = Provider::new();
    provider.publish(vec![published(&key, Some("k1"))]);
    let mut login = Login::begin(&provider).await;
    let token = key.sign("JWT", Some("k1"), &EveToo(login.claims())).unwrap();
    assert!(login.end_with(&token).await.unwrap_err().starts_with("duplicate field `sub`"));
}
