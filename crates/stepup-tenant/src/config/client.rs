//! Applications.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value};
use stepup_protocol::{scope::Scopes, token::GrantType};
use url::Url;

use super::{AllowedUrls, AssertionKey, BackchannelLogout};

/// An application.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its id.
    pub client_id: String,
    /// Its secret; a public client has none.
    pub client_secret: Option<SecretString>,
    /// What people see.
    pub name: String,
    /// What kind of application it is.
    pub application_type: ApplicationType,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// Where it begins a login by itself (OpenID Connect Core section 4): the way back from a login that is lost.
    pub initiate_login_uri: Option<Url>,
    /// Where a login may end.
    pub callbacks: AllowedUrls,
    /// Where a logout may end.
    pub allowed_logout_urls: AllowedUrls,
    /// Origins that may receive a `web_message` answer.
    pub web_origins: AllowedUrls,
    /// Origins that may call the API from a browser, besides [`Self::web_origins`] and those of the callbacks.
    pub allowed_origins: AllowedUrls,
    /// What it may exchange for tokens; the MFA grants are on together.
    pub grant_types: Vec<GrantType>,
    /// How its refresh tokens behave.
    pub refresh_tokens: RefreshTokens,
    /// Life of its ID tokens; default 10 hours.
    pub id_token_lifetime: Duration,
    /// How its ID tokens are signed.
    pub id_token_algorithm: Algorithm,
    /// Whether its authorization requests have to be pushed (RFC 9126 section 6).
    pub require_pushed_requests: bool,
    /// Whether its access tokens have to be bound to a key (RFC 9449 section 5.2).
    pub require_proof_of_possession: bool,
    /// Where it is told that a session ended.
    pub backchannel_logout: Option<BackchannelLogout>,
    /// Whether its ID tokens always carry `auth_time`.
    pub require_auth_time: bool,
    /// Whether it belongs to the tenant's owner: no consent where the API skips it.
    pub first_party: bool,
    /// `event.client.metadata`.
    pub metadata: Map<String, Value>,
}

impl Client {
    /// Whether it may use this grant.
    #[must_use]
    pub fn allows(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether it is a public client, that keeps no secret.
    #[must_use]
    pub const fn public(&self) -> bool {
        matches!(self.authentication, ClientAuthentication::None)
    }
}

/// What kind of application a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationType {
    /// A program without users.
    NonInteractive,
    /// An application on a device.
    Native,
    /// An application on a server.
    RegularWeb,
    /// An application in a browser.
    SinglePage,
}

impl ApplicationType {
    /// Its word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NonInteractive => "non_interactive",
            Self::Native => "native",
            Self::RegularWeb => "regular_web",
            Self::SinglePage => "spa",
        }
    }
}

/// How a client proves who it is. Basic and post are taken for each other.
#[derive(Clone, Debug)]
pub enum ClientAuthentication {
    /// Not at all.
    None,
    /// With assertions (RFC 7523 section 2.2) that one of these keys signs.
    PrivateKeyJwt(Vec<AssertionKey>),
    /// With its secret.
    Secret,
}

/// How ID tokens are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// With the client's secret.
    Hs256,
    /// With the tenant's key.
    #[default]
    Rs256,
}

/// How the refresh tokens of a client behave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshTokens {
    /// Whether an exchange replaces the token.
    pub rotating: bool,
    /// Seconds for which a replaced token may be exchanged once more; default 0.
    pub leeway: u64,
    /// From the login; none: without end. Default 30 days.
    pub lifetime: Option<Duration>,
    /// From the last exchange; none: without end. Default 15 days.
    pub idle_lifetime: Option<Duration>,
    /// What may be asked for although the login did not: several APIs from one token.
    pub policies: Vec<RefreshPolicy>,
}

impl Default for RefreshTokens {
    fn default() -> Self {
        Self {
            rotating: false,
            leeway: 0,
            lifetime: Some(Duration::from_secs(2_592_000)),
            idle_lifetime: Some(Duration::from_secs(1_296_000)),
            policies: Vec::new(),
        }
    }
}

/// One API that a refresh token may be exchanged for although the login did not ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// The API.
    pub audience: String,
    /// The most that may be granted.
    pub scope: Scopes,
}
