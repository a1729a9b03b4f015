//! The tenant: good answers from memory, and in one place the fuzzer's.

use std::sync::LazyLock;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use serde_json::{Value, json};
use stepup::{HttpClient, HttpError};
use stepup_seal::jws::SigningKey;

use crate::NOW;

pub const ISSUER: &str = "https://tenant.example.auth0.com/";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate_p256().expect("a key"));

/// What a tenant says. `odd` is answered wherever the address ends with its first part.
#[derive(Clone, Debug, Default)]
pub struct Tenant {
    odd: Option<(&'static str, u16, Bytes)>,
    /// Whether a second factor is due before a refresh.
    steps_up: bool,
}

impl Tenant {
    pub fn asks_for_a_second_factor() -> Self {
        Self { steps_up: true, ..Self::default() }
    }

    /// Answers `body` with that status where the address ends so.
    pub fn answers(mut self, end: &'static str, status: u16, body: impl Into<Bytes>) -> Self {
        self.odd = Some((end, status, body.into()));
        self
    }

    /// An ID token of this tenant with these claims.
    pub fn sign(claims: &Value) -> String {
        KEY.sign("JWT", Some("k1"), claims).expect("claims are JSON")
    }

    fn respond(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        let (status, body) = match &self.odd {
            Some((end, status, body)) if path.ends_with(end) => (*status, body.clone()),
            _ => {
                let (status, body) = self.good(path, request.body());
                (status, body.to_string().into())
            }
        };
        Response::builder().status(status).body(body).expect("an answer")
    }

    fn good(&self, path: &str, body: &[u8]) -> (u16, Value) {
        let body = String::from_utf8_lossy(body);
        match path {
            "/.well-known/openid-configuration" => (200, discovery()),
            "/.well-known/jwks.json" => (200, json!({ "keys": [public_key()] })),
            "/mfa/authenticators" => (200, authenticators()),
            "/mfa/challenge" => {
                (200, json!({ "challenge_type": "oob", "oob_code": "oob-1", "binding_method": "prompt" }))
            }
            "/mfa/associate" => (
                200,
                json!({ "authenticator_type": "otp", "secret": "JBSWY3DPEHPK3PXP",
                "barcode_uri": "otpauth://totp/x:ada?secret=JBSWY3DPEHPK3PXP&issuer=x", "recovery_codes": ["ABCD"] }),
            ),
            _ if self.steps_up && body.contains("grant_type=refresh_token") => (
                403,
                json!({ "error": "mfa_required",
                "error_description": "Multifactor authentication required", "mfa_token": RAW_MFA_TOKEN }),
            ),
            _ => (200, tokens()),
        }
    }
}

/// The tenant's own `mfa_token`, which no browser may see.
pub const RAW_MFA_TOKEN: &str = "Fe26.2*raw-mfa-token-that-stays*deadbeef";

fn discovery() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}authorize"),
        "token_endpoint": format!("{ISSUER}oauth/token"),
        "jwks_uri": format!("{ISSUER}.well-known/jwks.json"),
        "revocation_endpoint": format!("{ISSUER}oauth/revoke"),
        "end_session_endpoint": format!("{ISSUER}oidc/logout"),
        "id_token_signing_alg_values_supported": ["HS256", "RS256", "ES256"],
    })
}

fn public_key() -> Value {
    let mut key = KEY.public_jwk().expect("a public key");
    key.kid = Some("k1".to_owned());
    json!(key)
}

fn authenticators() -> Value {
    json!([
        { "id": "totp|dev_1", "authenticator_type": "otp", "active": true, "type": "otp" },
        { "id": "sms|dev_2", "authenticator_type": "oob", "active": true, "oob_channel": "sms", "name": "+*****55" },
        { "id": "push|dev_3", "authenticator_type": "oob", "active": true, "oob_channel": "auth0", "name": "phone" },
        { "id": "recovery-code|dev_4", "authenticator_type": "recovery-code", "active": true },
    ])
}

fn tokens() -> Value {
    let claims = json!({ "iss": ISSUER, "aud": "client-1", "sub": "auth0|ada", "iat": NOW, "exp": NOW.seconds() + 60,
        "nonce": "nonce-1", "sid": "s" });
    json!({ "access_token": "at-2", "refresh_token": "rt-2", "token_type": "Bearer", "expires_in": 86_400,
        "scope": "openid", "id_token": Tenant::sign(&claims) })
}

impl HttpClient for Tenant {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        Box::pin(std::future::ready(Ok(self.respond(&request))))
    }
}
