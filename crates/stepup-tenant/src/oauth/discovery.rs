//! What the tenant says of itself (OpenID Connect Discovery 1.0 section 4, RFC 8414) and its keys (RFC 7517 section 5).
//!
//! A feature is named here exactly when it works. The two bodies change with the configuration and the keys alone, so
//! the server answers them from memory; these handlers serve what does not take that way.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, header};
use serde_json::{Map, Value, json};
use stepup_protocol::discovery::ProviderMetadata;
use stepup_seal::jws::Algorithm;

use crate::{
    config::{AssertionKey, TenantConfig},
    state::{Issuer, Shared},
};

/// `GET /.well-known/openid-configuration`, and its alias `/.well-known/oauth-authorization-server`.
pub(crate) async fn configuration(State(shared): State<Shared>) -> Response {
    public_json(bytes(&shared.config, &shared.issuer).unwrap_or_default())
}

/// `GET /.well-known/jwks.json`.
pub(crate) async fn keys(State(shared): State<Shared>) -> Response {
    public_json(shared.keys.published().jwks.clone())
}

/// The discovery document of this tenant, as it is sent.
pub(crate) fn bytes(config: &TenantConfig, issuer: &Issuer) -> Option<Bytes> {
    serde_json::to_vec(&document(config, issuer)).ok().map(Bytes::from)
}

/// The discovery document of this tenant.
fn document(config: &TenantConfig, issuer: &Issuer) -> ProviderMetadata {
    let at = |path: &str| issuer.endpoint(path);
    ProviderMetadata {
        issuer: issuer.as_str().to_owned(),
        authorization_endpoint: at("authorize"),
        token_endpoint: at("oauth/token"),
        jwks_uri: at(".well-known/jwks.json"),
        userinfo_endpoint: Some(at("userinfo")),
        mfa_challenge_endpoint: Some(at("mfa/challenge")),
        revocation_endpoint: Some(at("oauth/revoke")),
        end_session_endpoint: config.announce_end_session.then(|| at("oidc/logout")),
        pushed_authorization_request_endpoint: config.pushed_requests.enabled.then(|| at("oauth/par")),
        scopes_supported: words(&SCOPES),
        response_types_supported: words(&["code"]),
        code_challenge_methods_supported: words(&["S256", "plain"]),
        response_modes_supported: words(&["query", "fragment", "form_post"]),
        subject_types_supported: words(&["public"]),
        id_token_signing_alg_values_supported: words(&["HS256", "RS256"]),
        token_endpoint_auth_methods_supported: words(&[
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        ]),
        token_endpoint_auth_signing_alg_values_supported: words(
            &AssertionKey::ALGORITHMS.map(Algorithm::name),
        ),
        claims_supported: words(&CLAIMS),
        authorization_response_iss_parameter_supported: None,
        request_uri_parameter_supported: Some(false),
        request_parameter_supported: Some(false),
        other: others(config),
    }
}

/// Members that [`ProviderMetadata`] has no field for.
fn others(config: &TenantConfig) -> Map<String, Value> {
    let mut others = Map::from_iter([
        // OpenID Connect Back-Channel Logout 1.0 section 2.1
        ("backchannel_logout_supported".to_owned(), json!(true)),
        ("backchannel_logout_session_supported".to_owned(), json!(true)),
        // RFC 9449 section 5.1
        ("dpop_signing_alg_values_supported".to_owned(), json!(["ES256"])),
    ]);
    if config.pushed_requests.enabled && config.pushed_requests.required {
        // RFC 9126 section 5
        others.insert("require_pushed_authorization_requests".to_owned(), json!(true));
    }
    others
}

fn words(words: &[&str]) -> Option<Vec<String>> {
    Some(words.iter().map(|&word| word.to_owned()).collect())
}

fn public_json(body: Bytes) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=15"));
    response
}

const SCOPES: [&str; 14] = [
    "openid",
    "profile",
    "offline_access",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "email",
    "email_verified",
    "picture",
    "created_at",
    "identities",
    "phone",
    "address",
];

const CLAIMS: [&str; 16] = [
    "aud",
    "auth_time",
    "created_at",
    "email",
    "email_verified",
    "exp",
    "family_name",
    "given_name",
    "iat",
    "identities",
    "iss",
    "name",
    "nickname",
    "phone_number",
    "picture",
    "sub",
];
