//! Applications, as they are written.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};
use stepup_protocol::jwk::{Jwk, JwkSet};

#[derive(Deserialize)]
pub(in crate::config) struct Client {
    pub(in crate::config) name: String,
    pub(in crate::config) client_id: String,
    pub(in crate::config) client_secret: Option<SecretString>,
    #[serde(default)]
    pub(in crate::config) app_type: AppType,
    pub(in crate::config) token_endpoint_auth_method: Option<AuthMethod>,
    pub(in crate::config) initiate_login_uri: Option<String>,
    #[serde(default)]
    pub(in crate::config) callbacks: Vec<String>,
    #[serde(default)]
    pub(in crate::config) allowed_logout_urls: Vec<String>,
    #[serde(default)]
    pub(in crate::config) web_origins: Vec<String>,
    #[serde(default)]
    pub(in crate::config) allowed_origins: Vec<String>,
    #[serde(default)]
    pub(in crate::config) grant_types: Vec<String>,
    #[serde(default)]
    pub(in crate::config) refresh_token: RefreshToken,
    #[serde(default)]
    pub(in crate::config) jwt_configuration: JwtConfiguration,
    pub(in crate::config) is_first_party: Option<bool>,
    #[serde(default)]
    pub(in crate::config) client_authentication_methods: AuthenticationMethods,
    #[serde(default)]
    pub(in crate::config) jwks: JwkSet,
    #[serde(default)]
    pub(in crate::config) require_pushed_authorization_requests: bool,
    #[serde(default)]
    pub(in crate::config) require_proof_of_possession: bool,
    pub(in crate::config) oidc_logout: Option<BackchannelLogout>,
    /// The older name of `oidc_logout`.
    pub(in crate::config) oidc_backchannel_logout: Option<BackchannelLogout>,
    #[serde(default)]
    pub(in crate::config) require_auth_time: bool,
    #[serde(default)]
    pub(in crate::config) client_metadata: Map<String, Value>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum AppType {
    Native,
    NonInteractive,
    #[default]
    RegularWeb,
    Spa,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum AuthMethod {
    ClientSecretBasic,
    ClientSecretPost,
    None,
    PrivateKeyJwt,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::config) struct AuthenticationMethods {
    pub(in crate::config) private_key_jwt: Option<PrivateKeyJwt>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::config) struct PrivateKeyJwt {
    pub(in crate::config) credentials: Vec<AssertionCredential>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::config) struct AssertionCredential {
    pub(in crate::config) kid: Option<String>,
    #[serde(alias = "public_key")]
    pub(in crate::config) pem: Option<String>,
    pub(in crate::config) jwk: Option<Jwk>,
    pub(in crate::config) alg: Option<AssertionAlgorithm>,
    /// A date and time with its offset.
    pub(in crate::config) expires_at: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
pub(in crate::config) enum AssertionAlgorithm {
    PS256,
    RS256,
    RS384,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::config) struct BackchannelLogout {
    pub(in crate::config) backchannel_logout_urls: Vec<String>,
    pub(in crate::config) backchannel_logout_initiators: LogoutInitiators,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::config) struct LogoutInitiators {
    pub(in crate::config) mode: LogoutInitiatorMode,
    pub(in crate::config) selected_initiators: Vec<String>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum LogoutInitiatorMode {
    #[default]
    All,
    Custom,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::config) struct RefreshToken {
    pub(in crate::config) rotation_type: Option<Rotation>,
    pub(in crate::config) expiration_type: Option<Expiration>,
    pub(in crate::config) leeway: u64,
    pub(in crate::config) token_lifetime: Option<u64>,
    pub(in crate::config) idle_token_lifetime: Option<u64>,
    pub(in crate::config) infinite_token_lifetime: bool,
    pub(in crate::config) infinite_idle_token_lifetime: bool,
    pub(in crate::config) policies: Vec<Policy>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Rotation {
    NonRotating,
    Rotating,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Expiration {
    Expiring,
    NonExpiring,
}

#[derive(Deserialize)]
pub(in crate::config) struct Policy {
    pub(in crate::config) audience: String,
    pub(in crate::config) scope: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::config) struct JwtConfiguration {
    pub(in crate::config) lifetime_in_seconds: Option<u64>,
    pub(in crate::config) alg: Option<IdTokenAlgorithm>,
}

#[derive(Clone, Copy, Deserialize)]
pub(in crate::config) enum IdTokenAlgorithm {
    #[serde(rename = "HS256")]
    Hs256,
    #[serde(rename = "RS256")]
    Rs256,
}
