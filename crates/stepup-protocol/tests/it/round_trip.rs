//! Every example body is read into its type and written back without gain or loss.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use stepup_protocol::{
    claims::{AccessTokenClaims, IdTokenClaims},
    discovery::ProviderMetadata,
    error::{MfaRequiredBody, OAuthError},
    jwk::JwkSet,
    mfa::{AssociateResponse, Authenticator, ChallengeResponse},
    token::TokenResponse,
};

const SEAL: &str = "Fe26.2*SERVER_1726721698*9f2c4b7a1d3e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd*Zm9vYmFyYmF6cXV4MTIzNA*c2VhbGVkLWNvbnRlbnQ*1726722298000*0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcdef*q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c";

fn round_trips<T: DeserializeOwned + Serialize>(example: &Value) {
    let typed: T = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&typed).unwrap(), example);
}

#[test]
fn mfa_required() {
    round_trips::<MfaRequiredBody>(&json!({
        "error": "mfa_required",
        "error_description": "Multifactor authentication required",
        "mfa_token": SEAL,
        "mfa_requirements": { "challenge": [{ "type": "otp" }, { "type": "phone" }, { "type": "recovery-code" }] },
    }));
    round_trips::<MfaRequiredBody>(&json!({
        "error": "mfa_required",
        "error_description": "Multifactor authentication required",
        "mfa_token": "Fe26...encoded_token",
    }));
    round_trips::<MfaRequiredBody>(&json!({
        "error": "mfa_required",
        "mfa_token": SEAL,
        "mfa_requirements": { "enroll": [{ "type": "otp" }, { "type": "something-new" }] },
    }));
}

#[test]
fn associate() {
    round_trips::<AssociateResponse>(&json!({
        "authenticator_type": "otp",
        "secret": "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4",
        "barcode_uri": "otpauth://totp/my-tenant:ada%40example.com?secret=GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4&issuer=my-tenant&algorithm=SHA1&digits=6&period=30",
        "recovery_codes": ["17EQHNZC2SZDYG7X4QXVX9SW"],
    }));
    round_trips::<AssociateResponse>(&json!({
        "authenticator_type": "oob",
        "binding_method": "prompt",
        "recovery_codes": ["17EQHNZC2SZDYG7X4QXVX9SW"],
        "oob_channel": "sms",
        "oob_code": SEAL,
    }));
    round_trips::<AssociateResponse>(&json!({
        "authenticator_type": "oob",
        "barcode_uri": "otpauth://totp/my-tenant:ada%40example.com?enrollment_tx_id=qfjn2eiNYSjU3xID7dBYeCBSrdREWJPY&base_url=https%3A%2F%2Fmy-tenant.example%2Fappliance-mfa",
        "recovery_codes": ["17EQHNZC2SZDYG7X4QXVX9SW"],
        "oob_channel": "auth0",
        "oob_code": SEAL,
    }));
}

#[test]
fn challenge() {
    round_trips::<ChallengeResponse>(&json!({ "challenge_type": "otp" }));
    round_trips::<ChallengeResponse>(
        &json!({ "challenge_type": "oob", "oob_code": SEAL, "binding_method": "prompt" }),
    );
    round_trips::<ChallengeResponse>(&json!({ "challenge_type": "oob", "oob_code": SEAL }));
}

#[test]
fn authenticators() {
    round_trips::<Vec<Authenticator>>(&json!([
        {"id":"sms|dev_klnv5yshzzoosSUm","authenticator_type":"oob","active":false,"oob_channel":"sms","name":"XXXXXXXXX9167"},
        {"id":"recovery-code|dev_i1kgKoFSZLbPt6G1","authenticator_type":"recovery-code","active":false},
        {"id":"push|dev_BBTKYpxKHOXVBnql","authenticator_type":"oob","active":false,"oob_channel":"auth0"},
        {"id":"totp|dev_WzMZ2sZbUw1wbC2F","authenticator_type":"otp","active":false,"type":"otp"},
        {"id":"email|dev_hdkmORJuqOmjRRQU","authenticator_type":"oob","active":true,"oob_channel":"email","name":"****@exam*******","type":"email"},
    ]));
}

#[test]
fn tokens_and_errors() {
    round_trips::<TokenResponse>(&json!({
        "access_token": "eyJ", "refresh_token": "v1.M", "id_token": "eyJ", "scope": "openid profile",
        "expires_in": 86400, "token_type": "Bearer", "recovery_code": "17EQHNZC2SZDYG7X4QXVX9SW",
    }));
    round_trips::<TokenResponse>(&json!({ "access_token": "opaque", "token_type": "DPoP" }));
    round_trips::<OAuthError>(&json!({ "error": "invalid_grant", "error_description": "Invalid otp_code." }));
    round_trips::<OAuthError>(&json!({ "error": "server_error" }));
}

#[test]
fn keys_and_claims() {
    round_trips::<JwkSet>(&json!({ "keys": [{
        "kty": "RSA", "use": "sig", "n": "0vx7", "e": "AQAB", "kid": "NjVBRjY5MDlCMUIwNzU4RTA2Q",
        "x5t": "NjVBRjY5", "x5c": ["MIIC"], "alg": "RS256",
    }]}));
    round_trips::<IdTokenClaims>(&json!({
        "iss": "https://my-tenant.example/", "sub": "auth0|6543210fedcba", "aud": "client-1",
        "iat": 1767225600, "exp": 1767261600, "sid": "s1", "nonce": "n1", "amr": ["mfa"],
        "acr": "http://schemas.openid.net/pape/policies/2007/06/multi-factor", "auth_time": 1767225590,
        "nickname": "ada", "email_verified": true, "updated_at": "2023-06-14T21:36:26.399Z",
    }));
    round_trips::<AccessTokenClaims>(&json!({
        "iss": "https://my-tenant.example/", "sub": "auth0|6543210fedcba",
        "aud": ["https://api.example.com", "https://my-tenant.example/userinfo"],
        "iat": 1767225600, "exp": 1767312000, "azp": "client-1", "scope": "openid transfer:funds",
        "gty": "refresh_token", "https://example.com/tier": "gold",
    }));
}

#[test]
fn discovery() {
    round_trips::<ProviderMetadata>(&json!({
        "issuer": "https://my-tenant.example/",
        "authorization_endpoint": "https://my-tenant.example/authorize",
        "token_endpoint": "https://my-tenant.example/oauth/token",
        "userinfo_endpoint": "https://my-tenant.example/userinfo",
        "mfa_challenge_endpoint": "https://my-tenant.example/mfa/challenge",
        "jwks_uri": "https://my-tenant.example/.well-known/jwks.json",
        "revocation_endpoint": "https://my-tenant.example/oauth/revoke",
        "end_session_endpoint": "https://my-tenant.example/oidc/logout",
        "scopes_supported": ["openid", "profile", "offline_access"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256", "plain"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "claims_supported": ["aud", "sub"],
        "request_uri_parameter_supported": false,
        "request_parameter_supported": false,
        "a_member_from_tomorrow": { "kept": true },
    }));
}

#[test]
fn null_is_read_as_absent_and_never_written() {
    let authenticator: Authenticator = serde_json::from_value(json!({
        "id": "totp|dev_1", "authenticator_type": "otp", "active": true, "oob_channel": null, "name": null,
    }))
    .unwrap();
    assert_eq!(
        serde_json::to_value(&authenticator).unwrap(),
        json!({ "id": "totp|dev_1", "authenticator_type": "otp", "active": true })
    );
}
