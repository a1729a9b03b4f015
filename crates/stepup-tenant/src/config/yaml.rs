//! The members of a document that are honoured, once ids and defaults are filled in. [`super::inventory`] names the rest.

mod client;

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub(super) use self::client::*;
use crate::{actions::CookieMode, passwords::policy::Strength, risk::RiskSettings};

/// Parses YAML 1.2, as `auth0-deploy-cli` does: `on` and `y` are words.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true })
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) tenant: Tenant,
    pub(super) clients: Vec<Client>,
    pub(super) resource_servers: Vec<ResourceServer>,
    pub(super) client_grants: Vec<ClientGrant>,
    pub(super) databases: Vec<Connection>,
    pub(super) connections: Vec<Connection>,
    pub(super) guardian_factors: Vec<GuardianFactor>,
    pub(super) guardian_policies: GuardianPolicies,
    pub(super) guardian_phone_factor_message_types: Option<PhoneMessageTypes>,
    pub(super) guardian_factor_templates: Vec<FactorTemplate>,
    pub(super) actions: Vec<Action>,
    pub(super) triggers: BTreeMap<String, Vec<Binding>>,
    pub(super) attack_protection: AttackProtection,
    pub(super) email_provider: EmailProvider,
    pub(super) stepup: Stepup,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Tenant {
    pub(super) friendly_name: Option<String>,
    pub(super) default_audience: Option<String>,
    pub(super) default_directory: Option<String>,
    /// Hours.
    pub(super) session_lifetime: Option<f64>,
    /// Hours.
    pub(super) idle_session_lifetime: Option<f64>,
    pub(super) session_cookie: Option<SessionCookie>,
    pub(super) error_page: Option<ErrorPage>,
    pub(super) resource_parameter_profile: Option<ResourceParameter>,
    pub(super) allowed_logout_urls: Vec<String>,
    pub(super) oidc_logout: OidcLogout,
    pub(super) flags: Flags,
    pub(super) pushed_authorization_requests_supported: Option<bool>,
    pub(super) require_pushed_authorization_requests: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorPage {
    pub(super) url: Option<String>,
    pub(super) show_log_link: Option<bool>,
}

/// What names the API that a token is for.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum ResourceParameter {
    /// `audience` alone.
    Audience,
    /// `resource` too.
    Compatibility,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SessionCookie {
    pub(super) mode: Option<CookieMode>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct OidcLogout {
    pub(super) rp_logout_end_session_endpoint_discovery: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Flags {
    pub(super) revoke_refresh_token_grant: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct ResourceServer {
    pub(super) name: Option<String>,
    pub(super) identifier: String,
    #[serde(default)]
    pub(super) scopes: Vec<Scope>,
    pub(super) token_lifetime: Option<u64>,
    #[serde(default)]
    pub(super) allow_offline_access: bool,
    pub(super) skip_consent_for_verifiable_first_party_clients: Option<bool>,
    #[serde(default)]
    pub(super) token_dialect: Dialect,
    pub(super) proof_of_possession: Option<ProofOfPossession>,
}

#[derive(Deserialize)]
pub(super) struct ProofOfPossession {
    pub(super) mechanism: Mechanism,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) required_for: RequiredFor,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mechanism {
    Dpop,
    Mtls,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum RequiredFor {
    #[default]
    AllClients,
    PublicClients,
}

#[derive(Deserialize)]
pub(super) struct Scope {
    pub(super) value: String,
    pub(super) description: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Dialect {
    #[default]
    AccessToken,
    AccessTokenAuthz,
    Rfc9068Profile,
    Rfc9068ProfileAuthz,
}

#[derive(Deserialize)]
pub(super) struct ClientGrant {
    pub(super) client_id: String,
    pub(super) audience: String,
    #[serde(default)]
    pub(super) scope: Vec<String>,
    #[serde(default)]
    pub(super) allow_all_scopes: bool,
}

#[derive(Deserialize)]
pub(super) struct Connection {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) strategy: Option<String>,
    pub(super) enabled_clients: Option<Vec<String>>,
    #[serde(default)]
    pub(super) metadata: Map<String, Value>,
    #[serde(default)]
    pub(super) options: ConnectionOptions,
}

#[derive(Default, Deserialize)]
pub(super) struct ConnectionOptions {
    #[serde(rename = "passwordPolicy")]
    pub(super) password_policy: Option<Strength>,
    pub(super) password_complexity_options: Option<PasswordComplexity>,
    pub(super) password_history: Option<PasswordHistory>,
    pub(super) password_dictionary: Option<PasswordDictionary>,
    pub(super) password_no_personal_info: Option<NoPersonalInfo>,
    pub(super) disable_signup: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct PasswordComplexity {
    pub(super) min_length: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct PasswordHistory {
    #[serde(default)]
    pub(super) enable: bool,
    pub(super) size: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct PasswordDictionary {
    #[serde(default)]
    pub(super) enable: bool,
    #[serde(default)]
    pub(super) dictionary: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct NoPersonalInfo {
    #[serde(default)]
    pub(super) enable: bool,
}

#[derive(Deserialize)]
pub(super) struct GuardianFactor {
    pub(super) name: FactorName,
    #[serde(default)]
    pub(super) enabled: bool,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FactorName {
    Duo,
    Email,
    Otp,
    PushNotification,
    RecoveryCode,
    Sms,
    WebauthnPlatform,
    WebauthnRoaming,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PhoneMessageTypes {
    pub(super) message_types: Vec<MessageType>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum MessageType {
    Sms,
    Voice,
}

#[derive(Deserialize)]
pub(super) struct FactorTemplate {
    pub(super) name: String,
    pub(super) enrollment_message: Option<String>,
    pub(super) verification_message: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct GuardianPolicies {
    pub(super) policies: Vec<PolicyName>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PolicyName {
    AllApplications,
    ConfidenceScore,
}

#[derive(Deserialize)]
pub(super) struct Action {
    pub(super) name: String,
    pub(super) code: String,
    pub(super) deployed: Option<bool>,
    pub(super) deployed_version: Option<DeployedVersion>,
    #[serde(default)]
    pub(super) secrets: Vec<ActionSecret>,
}

#[derive(Deserialize)]
pub(super) struct DeployedVersion {
    pub(super) code: String,
    /// Those of the Action where there are none.
    pub(super) secrets: Option<Vec<ActionSecret>>,
}

#[derive(Deserialize)]
pub(super) struct ActionSecret {
    pub(super) name: String,
    pub(super) value: Option<SecretString>,
}

#[derive(Deserialize)]
pub(super) struct Binding {
    pub(super) action_name: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AttackProtection {
    pub(super) brute_force_protection: BruteForceProtection,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct BruteForceProtection {
    pub(super) enabled: Option<bool>,
    pub(super) max_attempts: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EmailProvider {
    pub(super) name: Option<String>,
    pub(super) enabled: Option<bool>,
    pub(super) default_from_address: Option<String>,
    pub(super) credentials: SmtpCredentials,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SmtpCredentials {
    pub(super) smtp_host: Option<String>,
    pub(super) smtp_port: Option<u16>,
    pub(super) smtp_user: Option<String>,
    pub(super) smtp_pass: Option<SecretString>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SmtpSecurity {
    None,
    Starttls,
    Tls,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhoneWebhook {
    pub(super) url: String,
    pub(super) secret: SecretString,
}

/// What the ecosystem's form has no field for.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Stepup {
    pub(super) tenant_name: Option<String>,
    /// Seconds.
    pub(super) mfa_token_lifetime: Option<u64>,
    pub(super) factors_in_actions: Option<bool>,
    pub(super) acr_values_demand_mfa: Option<bool>,
    /// Seconds.
    pub(super) oob_code_lifetime: Option<u64>,
    /// Seconds.
    pub(super) push_qr_lifetime: Option<u64>,
    /// Seconds; 0: as fast as one likes.
    pub(super) push_poll_interval: Option<u64>,
    /// Steps of 30 seconds.
    pub(super) totp_window: Option<u16>,
    /// 0: no limit, here and below.
    pub(super) code_attempts: Option<u32>,
    /// Seconds until one more is there, here and below.
    pub(super) code_refill: Option<u64>,
    pub(super) recovery_code_attempts: Option<u32>,
    pub(super) recovery_code_refill: Option<u64>,
    pub(super) phone_sends: Option<u32>,
    pub(super) email_sends: Option<u32>,
    pub(super) push_sends: Option<u32>,
    pub(super) send_refill: Option<u64>,
    pub(super) mfa_token_removes_authenticators: bool,
    pub(super) push_rejected_as_invalid_grant: bool,
    pub(super) oob_in_requirements: bool,
    /// Seconds.
    pub(super) pushed_request_lifetime: Option<u64>,
    /// E-mail addresses.
    pub(super) dashboard_admins: Vec<String>,
    /// From one address; 0: no limit.
    pub(super) authentication_calls_per_minute: Option<u32>,
    /// 0: no limit.
    pub(super) management_calls_per_minute: Option<u32>,
    pub(super) smtp_security: Option<SmtpSecurity>,
    /// PEM.
    pub(super) smtp_ca: Option<String>,
    pub(super) phone_webhook: Option<PhoneWebhook>,
    /// Hosts that may be called wherever they are.
    pub(super) outbound_hosts: Vec<String>,
    /// Milliseconds.
    pub(super) action_time_limit_ms: Option<u64>,
    pub(super) risk: RiskSettings,
}
