//! Rows of discovery, of the way back, and of the token endpoint.

use serde_json::json;
use stepup::ClientAuthentication;

use super::{
    ada, login,
    provider::{Login, Provider},
};
use crate::{client_proof::CLIENT_KEY, support::ISSUER};

#[tokio::test]
async fn rp_response_type_code() {
    let mut login = login().await;
    assert_eq!(login.asked["at"], format!("{ISSUER}authorize"));
    assert_eq!(login.asked["response_type"], "code");
    assert_eq!(login.asked["code_challenge_method"], "S256");
    assert_eq!(login.asked["scope"], "openid profile email offline_access");
    let token = login.with_claims(|_| ());
    assert_eq!(login.end_with(&token).await, ada());
    assert_eq!(login.provider.requests("/token").len(), 1);
}

/// Every address is the one that the document names.
#[tokio::test]
async fn rp_discovery_openid_configuration() {
    let provider = Provider::new();
    provider.discovery(|document| {
        document["authorization_endpoint"] = json!("https://login.example.com/a?tenant=t");
        document["token_endpoint"] = json!("https://login.example.com/token");
        document["jwks_uri"] = json!("https://keys.example.com/jwks.json");
    });
    let mut login = Login::begin(&provider).await;
    assert_eq!((&*login.asked["at"], &*login.asked["tenant"]), ("https://login.example.com/a", "t"));
    let token = login.with_claims(|_| ());
    assert_eq!(login.end_with(&token).await, ada());
    assert_eq!(
        provider.requests("").iter().map(|request| &*request.url).collect::<Vec<_>>(),
        [
            "https://tenant.example.auth0.com/.well-known/openid-configuration",
            "https://keys.example.com/jwks.json",
            "https://login.example.com/token",
        ]
    );
}

/// The document of another issuer, or of one that only looks like ours, is not used.
#[tokio::test]
async fn rp_discovery_issuer_not_matching_config() {
    for issuer in
        ["https://other.example/", "https://tenant.example.auth0.com", "https://TENANT.example.auth0.com/"]
    {
        let provider = Provider::new();
        provider.discovery(|document| document["issuer"] = json!(issuer));
        assert_eq!(Login::refused_to_begin(&provider).await, 500, "{issuer}");
    }
    let provider = Provider::new();
    provider.discovery(|document| drop(document.as_object_mut().unwrap().remove("issuer")));
    assert_eq!(Login::refused_to_begin(&provider).await, 500);
}

/// RFC 9207: a code that another server gave is not sent to ours.
#[tokio::test]
async fn rp_mix_up() {
    let other = "the callback is malformed: it is the answer of another issuer";
    for query in ["code=code-1&iss=https://other.example/", "error=access_denied&iss=https://other.example/"]
    {
        let mut login = login().await;
        assert_eq!(login.call_back(query).await.unwrap_err(), other);
        assert!(login.provider.requests("/token").is_empty());
    }
    let provider = Provider::new();
    provider.discovery(|document| document["authorization_response_iss_parameter_supported"] = json!(true));
    let mut login = Login::begin(&provider).await;
    assert_eq!(
        login.call_back("code=code-1").await.unwrap_err(),
        "the callback is malformed: `iss` is missing, which the tenant promises to send"
    );
    assert!(provider.requests("/token").is_empty());
}

/// RFC 6749 section 3.1: nobody adds a second code.
#[tokio::test]
async fn rp_response_repeated_parameter() {
    for query in ["code=code-1&code=code-2", "code=code-1&iss=a&iss=b", "code=code-1&error=a&error=b"] {
        let mut login = login().await;
        let error = login.call_back(query).await.unwrap_err();
        assert_eq!(error, "the callback is malformed: a parameter came more than once", "{query}");
        assert!(login.provider.requests("/token").is_empty());
    }
}

#[tokio::test]
async fn rp_response_mode_tokens_in_the_query() {
    for query in ["code=code-1&id_token=a", "access_token=a", "code=code-1&token=a"] {
        let mut login = login().await;
        let error = login.call_back(query).await.unwrap_err();
        assert_eq!(
            error, "the callback is malformed: it carries tokens, which were not asked for",
            "{query}"
        );
    }
}

#[tokio::test]
async fn rp_state_is_good_once() {
    let mut login = login().await;
    let token = login.with_claims(|_| ());
    assert_eq!(login.end_with(&token).await, ada());
    assert_eq!(login.end_with(&token).await.unwrap_err(), "The state parameter is invalid.");
    login.asked.insert("state".to_owned(), "another".to_owned());
    assert_eq!(login.end_with(&token).await.unwrap_err(), "The state parameter is invalid.");
    assert_eq!(login.provider.requests("/token").len(), 1);
}

#[tokio::test]
async fn rp_token_endpoint_client_secret_basic() {
    let provider = Provider::new();
    let mut login = Login::begin_with(&provider, "/auth/login", |client| {
        client.client_secret("a:b%").client_authentication(ClientAuthentication::Basic)
    })
    .await;
    let token = login.with_claims(|_| ());
    assert_eq!(login.end_with(&token).await, ada());
    let request = provider.requests("/token").remove(0);
    assert_eq!(request.headers["authorization"], "Basic Y2xpZW50LTE6YSUzQWIlMjU=", "each half form-encoded");
    assert!(!request.form().contains_key("client_secret"));
}

#[tokio::test]
async fn rp_token_endpoint_client_secret_post() {
    let mut login = login().await;
    let token = login.with_claims(|_| ());
    assert_eq!(login.end_with(&token).await, ada());
    let request = login.provider.requests("/token").remove(0);
    assert_eq!(
        (&*request.form()["client_id"], &*request.form()["client_secret"]),
        ("client-1", "client-secret-1")
    );
    assert!(!request.headers.contains_key("authorization"));
}

#[tokio::test]
async fn rp_token_endpoint_private_key_jwt() {
    let provider = Provider::new();
    let mut login = Login::begin_with(&provider, "/auth/login", |client| {
        client.client_assertion_signing_key(CLIENT_KEY).client_assertion_signing_alg("PS256")
    })
    .await;
    let token = login.with_claims(|_| ());
    assert_eq!(login.end_with(&token).await, ada());
    let request = provider.requests("/token").remove(0);
    assert!(!request.headers.contains_key("authorization") && !request.form().contains_key("client_secret"));
    let header = stepup_seal::jws::peek(&request.form()["client_assertion"]).unwrap();
    assert_eq!((header.alg.name(), header.typ.as_deref()), ("PS256", Some("JWT")));
}

#[tokio::test]
async fn rp_userinfo_bearer_header() {
    let mut login = login().await;
    assert_eq!(login.end_with(&login.with_claims(|_| ())).await, ada());
    let claims = json!({ "sub": "auth0|ada", "email": "ada@example.com" });
    assert_eq!(login.user_info(claims.clone()).await, Ok(claims));
    let [asked] = &login.provider.requests("/userinfo")[..] else { panic!("one request") };
    assert_eq!((&*asked.method, &asked.headers["authorization"]), ("GET", &"Bearer at-1".parse().unwrap()));
}

#[tokio::test]
async fn rp_userinfo_bad_sub_claim() {
    let mut login = login().await;
    assert_eq!(login.end_with(&login.with_claims(|_| ())).await, ada());
    for claims in [json!({ "sub": "auth0|max", "email": "ada@example.com" }), json!({}), json!({ "sub": 7 })]
    {
        assert_eq!(login.user_info(claims).await, Err("the profile is another user's".to_owned()));
    }
    assert!(login.user_info(json!("auth0|ada")).await.is_err());
}
