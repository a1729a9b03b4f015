//! What may be set, from code or from the environment: checked once, in [`ClientBuilder::build`], then immutable.

mod builder;
mod check;
mod cookies;
mod domain;
mod environment;
mod error;
mod proof;
mod routes;
mod session_options;

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Response, Uri};
use stepup_protocol::scope::Scopes;
use url::Url;

pub use self::{
    builder::ClientBuilder,
    check::DEFAULT_HTTP_TIMEOUT,
    cookies::{CookieOptions, SameSite, TransactionCookieOptions},
    error::{ConfigError, ConfigProblem},
    proof::DpopOptions,
    routes::Routes,
};
pub(crate) use self::{
    cookies::{CookieAttributes, parallel_transactions, session_name, transaction_prefix},
    domain::Issuer,
};
use crate::{
    login::CallbackOutcome,
    pages::PageOptions,
    session::{Lifetime, Session},
};

/// How the client's secret travels to the token endpoint (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// In an `Authorization` header.
    Basic,
    /// In the body: what Auth0's own SDKs do.
    #[default]
    Post,
}

impl ClientAuthentication {
    /// What discovery and the tenant's `token_endpoint_auth_method` call it: `client_secret_basic`, `client_secret_post`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }
}

impl FromStr for ClientAuthentication {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Basic, Self::Post]
            .into_iter()
            .find(|method| method.name() == name)
            .ok_or("is neither client_secret_post nor client_secret_basic")
    }
}

/// How the tenant's own session is ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogoutStrategy {
    /// By OpenID Connect where the tenant offers it, else `/v2/logout`.
    #[default]
    Auto,
    /// OpenID Connect RP-Initiated Logout 1.0.
    Oidc,
    /// Auth0's `/v2/logout`.
    V2,
}

/// Called when the SDK has put something into a session.
pub(crate) type BeforeSessionSaved = Arc<dyn Fn(&mut Session) + Send + Sync>;

/// Asked whether the request makes its session last longer.
pub(crate) type BeforeSessionRolled = Arc<dyn Fn(&Method, &Uri, &HeaderMap) -> bool + Send + Sync>;

/// Called at the end of every callback; may answer in its own way.
pub(crate) type OnCallback =
    Arc<dyn for<'a> Fn(CallbackOutcome<'a>) -> BoxFuture<'a, Option<Response<Bytes>>> + Send + Sync>;

/// A configuration that was checked.
pub(crate) struct Config {
    pub(crate) issuer: Issuer,
    pub(crate) client_id: String,
    /// Where the application is, as browsers see it.
    pub(crate) base_url: Url,
    /// Where else it is; `Host` chooses.
    pub(crate) other_base_urls: Vec<Url>,
    pub(crate) trust_forwarded_headers: bool,
    pub(crate) base_path: String,
    pub(crate) routes: Routes,
    pub(crate) authorization: Authorization,
    pub(crate) sign_in_return_to_path: Option<String>,
    pub(crate) lifetime: Lifetime,
    pub(crate) session_cookie: SessionCookie,
    /// The longest `Cookie` header line that a session may need.
    pub(crate) max_cookie_header: usize,
    pub(crate) transaction_cookie: TransactionCookie,
    pub(crate) logout: Logout,
    pub(crate) access_token_endpoint: bool,
    pub(crate) no_content_profile: bool,
    pub(crate) token_refresh_buffer: Duration,
    pub(crate) mfa_context_ttl: Duration,
    pub(crate) before_session_saved: Option<BeforeSessionSaved>,
    pub(crate) before_session_rolled: Option<BeforeSessionRolled>,
    pub(crate) on_callback: Option<OnCallback>,
    pub(crate) pages: PageOptions,
}

/// What is asked of the tenant at a login.
#[derive(Clone, Debug)]
pub(crate) struct Authorization {
    pub(crate) audience: Option<String>,
    /// For the default audience, and for others that have no scope of their own.
    pub(crate) scope: Scopes,
    pub(crate) scope_by_audience: BTreeMap<String, Scopes>,
    pub(crate) parameters: Vec<(String, String)>,
    /// Whether the parameters are handed in beforehand (RFC 9126).
    pub(crate) pushed: bool,
}

impl Authorization {
    /// The scope that goes with `audience`; absent: the default one.
    pub(crate) fn scope_for(&self, audience: Option<&str>) -> &Scopes {
        audience
            .or(self.audience.as_deref())
            .and_then(|audience| self.scope_by_audience.get(audience))
            .unwrap_or(&self.scope)
    }
}

/// The session cookie, checked.
#[derive(Clone, Debug)]
pub(crate) struct SessionCookie {
    pub(crate) name: String,
    pub(crate) transient: bool,
    pub(crate) attributes: CookieAttributes,
}

/// The cookies of logins under way, checked.
#[derive(Clone, Debug)]
pub(crate) struct TransactionCookie {
    pub(crate) prefix: String,
    /// Whether each login has a cookie of its own, or the last one begun the only one.
    pub(crate) parallel: bool,
    pub(crate) max_age: Duration,
    pub(crate) attributes: CookieAttributes,
}

/// How a logout goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Logout {
    pub(crate) strategy: LogoutStrategy,
    pub(crate) id_token_hint: bool,
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("base_url", &self.base_url)
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}
