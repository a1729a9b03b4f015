//! The configuration that is used without a file.

use std::time::Duration;

use serde_json::Map;
use stepup_protocol::{scope::Scopes, token::GrantType};

use super::{
    Algorithm, AllowedUrls, ApplicationType, Client, ClientAuthentication, ClientGrant, Connection, Factors,
    MfaPolicy, MfaSettings, ProofOfPossession, PushedRequestSettings, RefreshPolicy, RefreshTokens,
    ResourceServer, SessionLifetimes, TenantConfig, TokenDialect,
};
use crate::{actions::Action, passwords::policy::PasswordPolicy};

/// The API of the built-in configuration.
pub const API: &str = "https://api.example.com";
/// The scopes that it knows.
const API_SCOPES: &str = "read:sensitive transfer:funds";
/// The directory of the built-in configuration.
pub(crate) const DIRECTORY: &str = "Username-Password-Authentication";

impl TenantConfig {
    /// The built-in configuration: clients `webapp`, `spa`, `native` and `m2m`, one API, one directory, and an Action
    /// that asks for a second factor when a refresh token is exchanged for a token of that API.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            name: "stepup".to_owned(),
            friendly_name: "stepup".to_owned(),
            default_audience: None,
            default_directory: Some(DIRECTORY.to_owned()),
            sessions: SessionLifetimes::default(),
            announce_end_session: true,
            pushed_requests: PushedRequestSettings::default(),
            revoke_whole_grant: true,
            allowed_logout_urls: AllowedUrls::loopback(),
            clients: vec![
                user_client("webapp", Some("stepup-webapp-secret"), ApplicationType::RegularWeb),
                user_client("spa", None, ApplicationType::SinglePage),
                user_client("native", None, ApplicationType::Native),
                Client {
                    grant_types: vec![GrantType::ClientCredentials],
                    refresh_tokens: RefreshTokens::default(),
                    ..user_client("m2m", Some("stepup-m2m-secret"), ApplicationType::NonInteractive)
                },
            ],
            resource_servers: vec![ResourceServer {
                identifier: API.to_owned(),
                name: "Example API".to_owned(),
                scopes: API_SCOPES.into(),
                token_lifetime: Duration::from_secs(86_400),
                allow_offline_access: true,
                skip_consent: true,
                dialect: TokenDialect::default(),
                proof_of_possession: ProofOfPossession::default(),
            }],
            client_grants: vec![ClientGrant {
                client_id: "stepup-m2m".to_owned(),
                audience: API.to_owned(),
                scope: Scopes::from("read:sensitive"),
            }],
            management_clients: vec!["stepup-m2m".to_owned()],
            connections: vec![Connection {
                id: "con_0000000000000001".to_owned(),
                name: DIRECTORY.to_owned(),
                enabled_clients: None,
                metadata: Map::new(),
                signup: true,
                passwords: PasswordPolicy::default(),
            }],
            factors: Factors::BUILT.into_iter().collect(),
            policy: MfaPolicy::Never,
            mfa: MfaSettings::default(),
            actions: vec![Action::new("step-up", include_str!("../../../../examples/actions/step-up.js"))],
            password_attempts: Some(10),
            dashboard_admins: Vec::new(),
            management_calls: None,
            warnings: Vec::new(),
        }
    }
}

pub(super) fn user_client(name: &str, secret: Option<&str>, application_type: ApplicationType) -> Client {
    Client {
        client_id: format!("stepup-{name}"),
        client_secret: secret.map(Into::into),
        name: name.to_owned(),
        application_type,
        authentication: secret.map_or(ClientAuthentication::None, |_| ClientAuthentication::Secret),
        callbacks: AllowedUrls::loopback(),
        allowed_logout_urls: AllowedUrls::loopback(),
        web_origins: AllowedUrls::loopback(),
        allowed_origins: AllowedUrls::loopback(),
        grant_types: GrantType::ALL
            .into_iter()
            .filter(|grant| *grant != GrantType::ClientCredentials)
            .collect(),
        refresh_tokens: RefreshTokens {
            rotating: true,
            policies: vec![RefreshPolicy { audience: API.to_owned(), scope: API_SCOPES.into() }],
            ..RefreshTokens::default()
        },
        id_token_lifetime: Duration::from_secs(36_000),
        id_token_algorithm: Algorithm::default(),
        require_pushed_requests: false,
        require_proof_of_possession: false,
        backchannel_logout: None,
        require_auth_time: false,
        first_party: true,
        metadata: Map::new(),
    }
}
