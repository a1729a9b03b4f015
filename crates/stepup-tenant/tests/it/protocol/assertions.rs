//! `private_key_jwt`.

use serde_json::{Value, json};
use stepup_seal::jws::{Algorithm, SigningKey};

use super::{KEY, PUBLIC_KEY, SECOND_KEY, SECOND_PUBLIC_KEY, folded, now, signed, unique, with_clients};
use crate::rig::{ADA, Answer, OTP_GRANT, PASSWORD, Rig};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn client(credentials: &str) -> String {
    format!(
        r#"  - name: signer
    client_id: signer
    app_type: regular_web
    grant_types: [ password, refresh_token, authorization_code, "{OTP_GRANT}" ]
    callbacks: [ "http://localhost:3000/callback" ]
    client_authentication_methods:
      private_key_jwt:
        credentials: {credentials}"#
    )
}

async fn rig() -> Rig {
    with_clients(&client(&format!("[ {{ alg: RS256, pem: {} }} ]", folded(PUBLIC_KEY)))).await
}

fn claims(rig: &Rig) -> Value {
    let now = now(rig).seconds();
    json!({
        "iss": "signer", "sub": "signer", "aud": rig.tenant.issuer(), "jti": unique(), "iat": now, "exp": now + 60,
    })
}

async fn log_in(rig: &Rig, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("grant_type", "password"),
        ("username", ADA),
        ("password", PASSWORD),
        ("scope", "openid offline_access"),
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ];
    fields.extend_from_slice(more);
    rig.form("/oauth/token", &fields).await
}

#[tokio::test]
async fn a_client_proves_itself_with_what_it_signed() {
    let rig = rig().await;
    for aud in [rig.tenant.issuer().to_owned(), rig.at("/oauth/token")] {
        let mut claims = claims(&rig);
        claims["aud"] = json!([aud, "https://other.example/"]);
        let named = log_in(&rig, &signed(KEY, Algorithm::Rs256, &claims), &[("client_id", "signer")]).await;
        assert_eq!(named.status, 200, "{}", named.body);
        assert_eq!(named.claims("id_token")["aud"], "signer");
        claims["jti"] = json!(unique());
        let unnamed = log_in(&rig, &signed(KEY, Algorithm::Rs256, &claims), &[]).await;
        assert_eq!(unnamed.status, 200, "the assertion says whose it is: {}", unnamed.body);
    }
}

#[tokio::test]
async fn everything_in_an_assertion_is_checked() {
    let rig = rig().await;
    let at = now(&rig).seconds();
    for (member, value, said) in [
        ("iss", json!("other"), "iss and sub must both be the client_id"),
        ("sub", json!("other"), "iss and sub must both be the client_id"),
        (
            "aud",
            json!("https://other.example/"),
            "its aud is neither the issuer nor the token endpoint of this tenant",
        ),
        ("aud", Value::Null, "it is not a signed token with iss, sub, aud, exp and jti"),
        ("exp", json!(at - 11), "its exp is in the past"),
        ("exp", json!(at + 400), "its exp is more than five minutes ahead"),
        ("exp", Value::Null, "it is not a signed token with iss, sub, aud, exp and jti"),
        ("iat", json!(at + 60), "its iat or nbf is in the future"),
        ("nbf", json!(at + 60), "its iat or nbf is in the future"),
        ("jti", json!(""), "it has no jti of reasonable length"),
        ("jti", json!("x".repeat(600)), "it has no jti of reasonable length"),
        ("jti", Value::Null, "it is not a signed token with iss, sub, aud, exp and jti"),
    ] {
        let mut claims = claims(&rig);
        claims[member] = value;
        let answer = log_in(&rig, &signed(KEY, Algorithm::Rs256, &claims), &[("client_id", "signer")]).await;
        assert_eq!(answer.failure(), format!("401 invalid_client: the client_assertion is refused: {said}"));
    }
}

#[tokio::test]
async fn only_registered_keys_and_their_algorithms_count() {
    let rig = rig().await;
    let refused = "401 invalid_client: the client_assertion is refused: it is not signed by a registered key of the client with RS256, RS384 or PS256";
    let by_secret = SigningKey::hmac(&[7; 32], Algorithm::Hs256).unwrap();
    for assertion in [
        signed(SECOND_KEY, Algorithm::Rs256, &claims(&rig)),
        signed(KEY, Algorithm::Ps256, &claims(&rig)),
        by_secret.sign("JWT", None, &claims(&rig)).unwrap(),
        "garbage".to_owned(),
        "a.b.c".to_owned(),
        format!("{}x", signed(KEY, Algorithm::Rs256, &claims(&rig))),
    ] {
        let answer = log_in(&rig, &assertion, &[("client_id", "signer")]).await;
        assert_eq!(answer.failure(), refused, "{assertion}");
    }
}

#[tokio::test]
async fn an_assertion_is_good_once() {
    let rig = rig().await;
    let assertion = signed(KEY, Algorithm::Rs256, &claims(&rig));
    assert_eq!(log_in(&rig, &assertion, &[]).await.status, 200);
    assert_eq!(
        log_in(&rig, &assertion, &[]).await.failure(),
        "401 invalid_client: the client_assertion is refused: it was used before"
    );
}

#[tokio::test]
async fn a_client_has_two_keys_while_one_is_replaced() {
    let rig = with_clients(&client(&format!(
        "[ {{ pem: {}, alg: PS256 }}, {{ public_key: {}, alg: RS384, expires_at: \"2026-01-01T01:00:00Z\" }} ]",
        folded(PUBLIC_KEY),
        folded(SECOND_PUBLIC_KEY)
    )))
    .await;
    assert_eq!(log_in(&rig, &signed(KEY, Algorithm::Ps256, &claims(&rig)), &[]).await.status, 200);
    assert_eq!(log_in(&rig, &signed(SECOND_KEY, Algorithm::Rs384, &claims(&rig)), &[]).await.status, 200);
    rig.advance(3600);
    assert_eq!(log_in(&rig, &signed(KEY, Algorithm::Ps256, &claims(&rig)), &[]).await.status, 200);
    assert_eq!(log_in(&rig, &signed(SECOND_KEY, Algorithm::Rs384, &claims(&rig)), &[]).await.status, 401);
}

#[tokio::test]
async fn one_method_a_request() {
    let rig = rig().await;
    let assertion = signed(KEY, Algorithm::Rs256, &claims(&rig));
    let two = "400 invalid_request: a client authenticates by one method at a time";
    let answer = log_in(&rig, &assertion, &[("client_id", "signer"), ("client_secret", "x")]).await;
    assert_eq!(answer.failure(), two);
    let basic = rig
        .http
        .post(rig.at("/oauth/token"))
        .basic_auth("signer", Some("x"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("grant_type=password&client_assertion={assertion}"));
    assert_eq!(rig.send(basic).await.failure(), two);

    let fields = [("grant_type", "password"), ("client_id", "signer"), ("client_secret", "x")];
    assert_eq!(
        rig.form("/oauth/token", &fields).await.failure(),
        "401 invalid_client: this client authenticates with a client_assertion (private_key_jwt)"
    );
    let other_type =
        [("grant_type", "password"), ("client_assertion_type", "saml"), ("client_assertion", "x")];
    assert_eq!(
        rig.form("/oauth/token", &other_type).await.failure(),
        "401 invalid_client: client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    let with_secret = signed(KEY, Algorithm::Rs256, &claims(&rig));
    let answer = log_in(&rig, &with_secret, &[("client_id", "stepup-webapp")]).await;
    assert_eq!(answer.failure(), "401 access_denied: Unauthorized", "a client that has a secret shows it");
}

#[tokio::test]
async fn assertions_are_taken_wherever_clients_are() {
    let rig = rig().await;
    let assertion = || signed(KEY, Algorithm::Rs256, &claims(&rig));
    let tokens = log_in(&rig, &assertion(), &[]).await;
    let proof = assertion();
    let credentials = [("client_assertion_type", TYPE), ("client_assertion", proof.as_str())];
    let token = tokens.text("refresh_token");
    let revoked: Vec<_> = credentials.iter().copied().chain([("token", token.as_str())]).collect();
    assert_eq!(rig.form("/oauth/revoke", &revoked).await.status, 200);
    assert_eq!(rig.form("/oauth/revoke", &revoked).await.status, 401, "used");
    let challenge = |assertion: String| json!({ "client_assertion_type": TYPE, "client_assertion": assertion, "mfa_token": "x" });
    let answer = rig.json("/mfa/challenge", None, &challenge(assertion())).await;
    assert_eq!(answer.failure(), "403 invalid_grant: Malformed mfa_token", "past the client");
    let answer = rig.json("/mfa/challenge", None, &challenge(proof)).await;
    assert_eq!(answer.text("error"), "invalid_client");
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_told_at_start() {
    use stepup_tenant::Tenant;
    for (credential, said) in [
        (
            "[ { pem: nonsense } ]",
            "clients[0].client_authentication_methods.private_key_jwt.credentials[0].pem",
        ),
        (
            "[ { jwk: { kty: RSA, n: AQAB, e: AQAB } } ]",
            "clients[0].client_authentication_methods.private_key_jwt.credentials[0]",
        ),
    ] {
        let yaml = format!("clients:\n{}", client(credential));
        let error = Tenant::builder().config_yaml(&yaml).start().await.unwrap_err();
        assert!(crate::support::chain(&error).contains(said), "{error:?}");
    }
}
