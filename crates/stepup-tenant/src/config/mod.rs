//! The configuration of a tenant: a snapshot in memory that every request reads, and the way to change it.
//!
//! From a file to the snapshot: `source` reads the texts and makes one [`Document`] of them; `inventory` names what is
//! not honoured; `defaults` fills in ids and defaults; `changes` lays over it what the store keeps; `load` checks it
//! and makes the [`TenantConfig`]. [`Configuration`] holds both and swaps them as one.

mod assertion_key;
mod backchannel_logout;
mod built_in;
mod changes;
mod check;
mod client;
mod configuration;
mod defaults;
mod document;
mod error;
mod excerpt;
mod inventory;
mod load;
mod mfa;
mod place;
pub(crate) mod source;
mod system;
mod urls;
pub(crate) mod users;
mod watch;
mod yaml;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Map, Value};
use stepup_protocol::{mfa::FactorType, scope::Scopes};
use url::Url;

pub use self::{
    assertion_key::AssertionKey,
    backchannel_logout::{BackchannelLogout, LogoutInitiator},
    built_in::API,
    check::check,
    client::{Algorithm, ApplicationType, Client, ClientAuthentication, RefreshPolicy, RefreshTokens},
    configuration::{ChangeError, Configuration},
    document::{Document, Section},
    error::{ConfigError, Wrong},
    mfa::{MessageTemplates, MessageTypes, MfaLimits, MfaSettings},
    system::SystemError,
    urls::AllowedUrls,
    users::{ADA_EMAIL, ADA_PASSWORD},
};
pub(crate) use self::{
    configuration::{Snapshot, read},
    system::DASHBOARD_CLIENT,
    urls::is_loopback,
    watch::Watched,
};
use crate::{
    actions::{Action, CookieMode},
    delivery::DeliverySettings,
    passwords::policy::PasswordPolicy,
    risk::RiskSettings,
};

/// Everything that is set and not learned.
#[derive(Clone, Debug)]
pub struct TenantConfig {
    /// The tenant's id: `event.tenant.id`.
    pub name: String,
    /// What people see: on pages and in authenticator apps.
    pub friendly_name: String,
    /// Where a token is for when a request names no audience.
    pub default_audience: Option<String>,
    /// The connection that the `password` grant uses.
    pub default_directory: Option<String>,
    /// How long sessions last.
    pub sessions: SessionLifetimes,
    /// Whether `resource` (RFC 8707) stands for `audience` where that is not sent; default: it does.
    pub resource_is_audience: bool,
    /// Where errors are shown that must not be sent to the client.
    pub error_page: ErrorPage,
    /// Whether discovery names `end_session_endpoint`.
    pub announce_end_session: bool,
    /// How authorization requests are pushed.
    pub pushed_requests: PushedRequestSettings,
    /// Whether a revocation at `/oauth/revoke` takes the whole grant: every refresh token of the user for that client
    /// and API; default true.
    pub revoke_whole_grant: bool,
    /// Where a logout without a client may lead.
    pub allowed_logout_urls: AllowedUrls,
    /// Applications.
    pub clients: Vec<Client>,
    /// APIs, the Management API included.
    pub resource_servers: Vec<ResourceServer>,
    /// Which application may call which API in its own name.
    pub client_grants: Vec<ClientGrant>,
    /// Directories of users.
    pub connections: Vec<Connection>,
    /// Factors that may be enrolled and challenged.
    pub factors: Factors,
    /// When a second factor is asked for without an Action.
    pub policy: MfaPolicy,
    /// Details of MFA that the ecosystem's form has no field for.
    pub mfa: MfaSettings,
    /// Post-login Actions in the order of their binding.
    pub actions: Vec<Action>,
    /// How long the Actions of one flow may run altogether, in real time; default 20 s.
    pub action_time: Duration,
    /// How logins are assessed.
    pub risk: RiskSettings,
    /// Wrong passwords of one user from one address until the address is blocked; none: no limit.
    pub password_attempts: Option<u32>,
    /// E-mail addresses of those who may use the dashboard of a tenant that is not on loopback.
    pub dashboard_admins: Vec<String>,
    /// Calls of the Management API in a minute; none: no limit.
    pub management_calls: Option<u32>,
    /// Calls of the Authentication API in a minute, from one address; none: no limit.
    pub authentication_calls: Option<u32>,
    /// Where messages go beyond the inbox.
    pub delivery: DeliverySettings,
    /// What was asked for and is not done, one line each.
    pub warnings: Vec<String>,
}

impl TenantConfig {
    /// The application with this id.
    #[must_use]
    pub fn client(&self, client_id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.client_id == client_id)
    }

    /// The API with this identifier, exactly.
    #[must_use]
    pub fn resource_server(&self, identifier: &str) -> Option<&ResourceServer> {
        self.resource_servers.iter().find(|server| server.identifier == identifier)
    }

    /// What the application may do with the API in its own name.
    #[must_use]
    pub fn client_grant(&self, client_id: &str, audience: &str) -> Option<&ClientGrant> {
        self.client_grants.iter().find(|grant| grant.client_id == client_id && grant.audience == audience)
    }

    /// The connection with this name.
    #[must_use]
    pub fn connection(&self, name: &str) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.name == name)
    }

    /// The connections that a client's users log in with on the pages, in the order in which they are tried: the default
    /// directory comes first.
    #[must_use]
    pub fn connections_for(&self, client_id: &str) -> Vec<&Connection> {
        let usable = self.connections.iter().filter(|connection| connection.enabled_for(client_id));
        let mut usable: Vec<_> = usable.collect();
        usable.sort_by_key(|connection| Some(&connection.name) != self.default_directory.as_ref());
        usable
    }
}

/// How authorization requests are pushed (RFC 9126).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushedRequestSettings {
    /// Whether they can be; default true.
    pub enabled: bool,
    /// Whether every client has to; default false.
    pub required: bool,
    /// How long a `request_uri` is good; default 30 s.
    pub lifetime: Duration,
}

impl Default for PushedRequestSettings {
    fn default() -> Self {
        Self { enabled: true, required: false, lifetime: Duration::from_secs(30) }
    }
}

/// How long the Actions of one flow may run, unless set.
pub(crate) const ACTION_TIME: Duration = Duration::from_secs(20);

/// Where errors are shown that must not be sent to the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorPage {
    /// A page of the tenant's owner, which is told in its query; none: the tenant's own.
    pub url: Option<Url>,
    /// Whether the tenant's own page leads to the log.
    pub show_log_link: bool,
}

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetimes {
    /// From the login, whatever happens; default 7 days.
    pub absolute: Duration,
    /// From the last use; default 3 days.
    pub idle: Duration,
    /// Whether the cookie of a new session outlives the browser; default: it does.
    pub cookie_mode: CookieMode,
}

impl Default for SessionLifetimes {
    fn default() -> Self {
        Self {
            absolute: Duration::from_secs(7 * 86_400),
            idle: Duration::from_secs(3 * 86_400),
            cookie_mode: CookieMode::default(),
        }
    }
}

/// An API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceServer {
    /// The `audience` of requests and the `aud` of tokens.
    pub identifier: String,
    /// What people see.
    pub name: String,
    /// The scopes that it knows.
    pub scopes: Scopes,
    /// What the scopes mean, for people; a scope without a description is not in here.
    pub scope_descriptions: BTreeMap<String, String>,
    /// Life of its access tokens; default 1 day.
    pub token_lifetime: Duration,
    /// Whether refresh tokens may be had for it.
    pub allow_offline_access: bool,
    /// Whether first-party applications need no consent; default true.
    pub skip_consent: bool,
    /// The form of its access tokens.
    pub dialect: TokenDialect,
    /// Whose access tokens have to be bound to a key.
    pub proof_of_possession: ProofOfPossession,
}

/// The form of an access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenDialect {
    /// Auth0's own: `typ` `JWT`.
    #[default]
    AccessToken,
    /// RFC 9068: `typ` `at+jwt`, with `client_id` and `jti`.
    Rfc9068,
}

/// Whose access tokens for an API have to be bound to a key (RFC 9449).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProofOfPossession {
    /// Nobody's: it is the client's choice.
    #[default]
    Optional,
    /// Every client's.
    Required,
    /// Those of public clients.
    RequiredOfPublicClients,
}

/// Leave for an application to call an API in its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientGrant {
    /// The application.
    pub client_id: String,
    /// The API.
    pub audience: String,
    /// What it may do.
    pub scope: Scopes,
}

/// A directory of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `con_{16 characters}`.
    pub id: String,
    /// The `realm` of the password-realm grant.
    pub name: String,
    /// Applications that may use it; none: all.
    pub enabled_clients: Option<Vec<String>>,
    /// What Actions see.
    pub metadata: Map<String, Value>,
    /// Whether people may sign up by themselves.
    pub signup: bool,
    /// What a new password must be.
    pub passwords: PasswordPolicy,
}

impl Connection {
    /// Whether users of it may log in to this application.
    #[must_use]
    pub fn enabled_for(&self, client_id: &str) -> bool {
        self.enabled_clients.as_ref().is_none_or(|clients| clients.iter().any(|enabled| enabled == client_id))
    }
}

/// The factors that are switched on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Factors(BTreeSet<FactorType>);

impl Factors {
    /// The factors that this version can enrol and challenge.
    pub const BUILT: [FactorType; 5] = [
        FactorType::Email,
        FactorType::Otp,
        FactorType::Phone,
        FactorType::PushNotification,
        FactorType::RecoveryCode,
    ];

    /// Whether `factor` is on.
    #[must_use]
    pub fn enabled(&self, factor: FactorType) -> bool {
        self.0.contains(&factor)
    }

    /// Those that are on.
    pub fn iter(&self) -> impl Iterator<Item = FactorType> {
        self.0.iter().copied()
    }
}

impl FromIterator<FactorType> for Factors {
    fn from_iter<I: IntoIterator<Item = FactorType>>(factors: I) -> Self {
        Self(factors.into_iter().collect())
    }
}

/// When a second factor is asked for without an Action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MfaPolicy {
    /// `confidence-score`: when the login looks unusual.
    Adaptive,
    /// `all-applications`: at every login.
    Always,
    /// Not at all.
    #[default]
    Never,
}
