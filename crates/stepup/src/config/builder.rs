//! The options, one method each.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Response;
use secrecy::SecretString;
use stepup_protocol::scope::Scopes;
use stepup_seal::{Format, Random};

use super::{
    BeforeSessionRolled, BeforeSessionSaved, ClientAuthentication, ConfigError, CookieOptions, DpopOptions,
    LogoutStrategy, OnCallback, Routes, TransactionCookieOptions, check,
};
use crate::{
    client::Client, clock::Clock, http_client::HttpClient, login::CallbackOutcome, pages::PageOptions,
};

/// Builds a [`Client`]. Five things must be set: [`domain`](Self::domain), [`client_id`](Self::client_id),
/// [`client_secret`](Self::client_secret) (or
/// [`client_assertion_signing_key`](Self::client_assertion_signing_key)), [`secret`](Self::secret) and [`app_base_url`](Self::app_base_url).
///
/// ```
/// use stepup::Client;
///
/// let client = Client::builder()
///     .domain("bank.eu.auth0.com")
///     .client_id("pR2x…")
///     .client_secret("Qv8…")
///     .secret("5e8c1d7a40b94f6f8f9a2b3c4d5e6f70")
///     .app_base_url("https://bank.example.com")
///     .audience("https://api.bank.example.com")
///     .build()?;
/// # Ok::<(), stepup::ConfigError>(())
/// ```
#[derive(Clone, Default)]
pub struct ClientBuilder {
    pub(super) environment: Option<Lookup>,
    pub(super) domain: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<SecretString>,
    pub(super) client_authentication: Option<ClientAuthentication>,
    pub(super) client_assertion_signing_key: Option<SecretString>,
    pub(super) client_assertion_signing_alg: Option<String>,
    pub(super) dpop_key: Option<SecretString>,
    pub(super) dpop_public_key: Option<String>,
    pub(super) dpop_options: DpopOptions,
    pub(super) pushed_authorization_requests: Option<bool>,
    pub(super) secrets: Vec<SecretString>,
    pub(super) format: Option<Format>,
    pub(super) also_read: Vec<Format>,
    pub(super) app_base_urls: Vec<String>,
    pub(super) trust_forwarded_headers: bool,
    pub(super) base_path: String,
    pub(super) routes: Routes,
    pub(super) audience: Option<String>,
    pub(super) scope: Option<Scopes>,
    pub(super) scope_by_audience: BTreeMap<String, Scopes>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) sign_in_return_to_path: Option<String>,
    pub(super) rolling: Option<bool>,
    pub(super) inactivity_duration: Option<Duration>,
    pub(super) absolute_duration: Option<Duration>,
    pub(super) session_cookie: CookieOptions,
    pub(super) transaction_cookie: TransactionCookieOptions,
    pub(super) max_cookie_header: Option<usize>,
    pub(super) parallel_transactions: Option<bool>,
    pub(super) logout_strategy: LogoutStrategy,
    pub(super) id_token_hint: Option<bool>,
    pub(super) access_token_endpoint: Option<bool>,
    pub(super) no_content_profile: bool,
    pub(super) token_refresh_buffer: Duration,
    pub(super) mfa_context_ttl: Option<Duration>,
    pub(super) before_session_saved: Option<BeforeSessionSaved>,
    pub(super) before_session_rolled: Option<BeforeSessionRolled>,
    pub(super) on_callback: Option<OnCallback>,
    pub(super) pages: PageOptions,
    pub(super) http_timeout: Option<Duration>,
    pub(super) discovery_ttl: Option<Duration>,
    pub(super) telemetry: Option<bool>,
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) random: Option<Arc<dyn Random>>,
    pub(super) http_client: Option<Arc<dyn HttpClient>>,
}

impl ClientBuilder {
    /// The form that is written, and whose names and rules count.
    pub(super) fn written_format(&self) -> Format {
        self.format.unwrap_or_default()
    }
}

/// Looks up an environment variable.
type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Who we are and who the tenant is.
impl ClientBuilder {
    /// Fills what code leaves open from the process's environment variables.
    #[must_use]
    pub fn environment(self) -> Self {
        self.environment_from(|name| std::env::var(name).ok())
    }

    /// As [`environment`](Self::environment), from elsewhere: a file of your own, or a test.
    #[must_use]
    pub fn environment_from(
        mut self,
        lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.environment = Some(Arc::new(lookup));
        self
    }

    /// `AUTH0_DOMAIN`: the tenant's host name (`bank.eu.auth0.com`, or a custom domain), or its whole address. An
    /// `http://` address is used on loopback only.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// `AUTH0_CLIENT_ID`.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// `AUTH0_CLIENT_SECRET`.
    #[must_use]
    pub fn client_secret(mut self, client_secret: impl Into<SecretString>) -> Self {
        self.client_secret = Some(client_secret.into());
        self
    }

    /// `STEPUP_CLIENT_AUTHENTICATION` (`client_secret_post`, `client_secret_basic`): how the client secret travels to the
    /// token endpoint. In the body, unless the tenant has the client at the other.
    #[must_use]
    pub fn client_authentication(mut self, method: ClientAuthentication) -> Self {
        self.client_authentication = Some(method);
        self
    }

    /// `AUTH0_SECRET`: what cookies and MFA tokens are sealed with, as it stands (it is not hex-decoded). At least 32
    /// bytes, for example from `openssl rand -hex 32`. Called again, adds an older secret: the first one seals, any
    /// opens. In the environment variable commas separate them.
    #[must_use]
    pub fn secret(mut self, secret: impl Into<SecretString>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// `STEPUP_FORMAT` (`stepup`, `nextjs-auth0`, `auth0-server-python`): the form of session and transaction cookies and
    /// of MFA tokens, written and read. Ours, unless applications with one of those packages share sessions with this
    /// one; they must have the same secret and cookie settings then.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// `STEPUP_ALSO_READ` (several with commas between): another form that is read, beside the one that is
    /// [written](Self::format); called again, one more. For an application that moves over with its users logged in, and
    /// for one that stands between two packages:
    ///
    /// ```
    /// use stepup::Format;
    ///
    /// # let builder = stepup::Client::builder();
    /// // Whoever is logged in with nextjs-auth0 stays logged in, and has our form from the first answer on.
    /// builder.also_read(Format::NextjsAuth0);
    ///
    /// # let builder = stepup::Client::builder();
    /// // Shares all with a Next.js application; whoever logged in at a FastAPI one is logged in here, and there, too.
    /// builder.format(Format::NextjsAuth0).also_read(Format::Auth0ServerPython);
    /// ```
    ///
    /// Sessions, logins under way and MFA tokens are found under the names that are set here, and under those that the
    /// other package gives its cookies by itself. The secret must be the same, and where a cookie is called the same here and
    /// there, so must its path and domain.
    ///
    /// A session that was read in another form is written in ours with the next answer. The cookie it came in, where it
    /// has another name, stays, so that its user stays logged in at the other application too, until
    ///
    /// - they log out here, or log in here anew: it is deleted, so that nobody comes back with it. Where several
    ///   applications are behind one address, this one should answer all log-outs: the others do not know our cookie;
    /// - the `Cookie` header has no room for both ([`max_cookie_header`](Self::max_cookie_header)).
    ///
    /// Where both are there, the later login counts; of one and the same login the session in our form. What is done
    /// here does not reach the other cookie: with rotating refresh tokens, let all who refresh share one form. The limits of this
    /// application count, but auth0-server-python's form cannot tell when a session was last used: only
    /// [`absolute_duration`](Self::absolute_duration) ends one that is read in it.
    #[must_use]
    pub fn also_read(mut self, format: Format) -> Self {
        self.also_read.push(format);
        self
    }

    /// `APP_BASE_URL`: where the application is, as browsers see it. Called again (in the variable: commas), adds
    /// another address that it is at; a request's `Host` then chooses among them, and no other host is ever used.
    #[must_use]
    pub fn app_base_url(mut self, url: impl Into<String>) -> Self {
        self.app_base_urls.push(url.into());
        self
    }

    /// Chooses among several base URLs by `X-Forwarded-Host` and `X-Forwarded-Proto`. Only behind a proxy that sets
    /// both. Off.
    #[must_use]
    pub fn trust_forwarded_headers(mut self, trust: bool) -> Self {
        self.trust_forwarded_headers = trust;
        self
    }

    /// A path that all routes lie under, as in `/shop`: that of the whole application. A login that asked for nothing else ends
    /// there; a logout ends at `app_base_url`, as its address is one that the tenant allows.
    #[must_use]
    pub fn base_path(mut self, path: impl Into<String>) -> Self {
        self.base_path = path.into();
        self
    }

    /// Other paths for the routes.
    #[must_use]
    pub fn routes(mut self, routes: Routes) -> Self {
        self.routes = routes;
        self
    }
}

/// What a login asks for.
impl ClientBuilder {
    /// The API that the login's own access token is for.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// What a login asks for. `openid profile email offline_access`; `openid` is added if it is missing.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Scopes>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// What is asked for with tokens for `audience`, instead of [`scope`](Self::scope).
    #[must_use]
    pub fn scope_for(mut self, audience: impl Into<String>, scope: impl Into<Scopes>) -> Self {
        self.scope_by_audience.insert(audience.into(), scope.into());
        self
    }

    /// Another parameter of the authorization request: `organization`, `connection`, `ui_locales`, …
    #[must_use]
    pub fn authorization_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Called at the end of every callback, before the session is written: to greet a new user, or to show an error page
    /// of your own. `None` answers as always: with a redirect, or with a page that says what happened and
    /// lets the visitor try again (a line of text, or JSON, for what is no browser). A pop-up
    /// ([`CallbackOutcome::popup`]) is always answered by the page that closes it.
    ///
    /// ```
    /// use stepup::{CallbackError, CallbackOutcome};
    ///
    /// # let builder = stepup::Client::builder();
    /// builder.on_callback(|CallbackOutcome { result, .. }| {
    ///     Box::pin(async move {
    ///         let Err(CallbackError::InvalidState) = result else { return None };
    ///         let page = "That took too long. <a href='/auth/login'>Try again</a>";
    ///         http::Response::builder().status(400).header("content-type", "text/html").body(page.into()).ok()
    ///     })
    /// });
    /// ```
    #[must_use]
    pub fn on_callback(
        mut self,
        hook: impl for<'a> Fn(CallbackOutcome<'a>) -> BoxFuture<'a, Option<Response<Bytes>>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.on_callback = Some(Arc::new(hook));
        self
    }

    /// Where the browser ends up after a login that asked for nothing else, as a path from the root of the host. The root of the
    /// application, unless set: the path of `app_base_url`, and the `base_path` below it.
    #[must_use]
    pub fn sign_in_return_to_path(mut self, path: impl Into<String>) -> Self {
        self.sign_in_return_to_path = Some(path.into());
        self
    }
}

/// Logout, tokens, second factors.
impl ClientBuilder {
    /// How the tenant's own session is ended.
    #[must_use]
    pub fn logout_strategy(mut self, strategy: LogoutStrategy) -> Self {
        self.logout_strategy = strategy;
        self
    }

    /// Whether a logout by OpenID Connect carries the ID token, so that the tenant need not ask. On.
    #[must_use]
    pub fn include_id_token_hint_in_oidc_logout_url(mut self, include: bool) -> Self {
        self.id_token_hint = Some(include);
        self
    }

    /// Whether browsers may fetch access tokens. On.
    #[must_use]
    pub fn enable_access_token_endpoint(mut self, enable: bool) -> Self {
        self.access_token_endpoint = Some(enable);
        self
    }

    /// Whether the profile route answers 204 instead of 401 where nobody is logged in. Off.
    #[must_use]
    pub fn no_content_profile_response_when_unauthenticated(mut self, no_content: bool) -> Self {
        self.no_content_profile = no_content;
        self
    }

    /// How long before its end an access token is renewed. Zero.
    #[must_use]
    pub fn token_refresh_buffer(mut self, buffer: Duration) -> Self {
        self.token_refresh_buffer = buffer;
        self
    }

    /// `AUTH0_MFA_CONTEXT_TTL` (`AUTH0_MFA_TOKEN_TTL` is read too), in seconds: how long a step-up may take. 600 s.
    #[must_use]
    pub fn mfa_context_ttl(mut self, ttl: Duration) -> Self {
        self.mfa_context_ttl = Some(ttl);
        self
    }
}

/// The ready-made pages.
impl ClientBuilder {
    /// How the ready-made pages for the second factor look and speak; [`PageOptions::off`]: there are none.
    #[must_use]
    pub fn mfa_pages(mut self, options: PageOptions) -> Self {
        self.pages = options;
        self
    }
}

/// The way to the tenant, and the seams.
impl ClientBuilder {
    /// How long one request to the tenant may take, whole. 5 s.
    #[must_use]
    pub fn http_timeout(mut self, timeout: Duration) -> Self {
        self.http_timeout = Some(timeout);
        self
    }

    /// How long the discovery document and the keys are good. 600 s.
    #[must_use]
    pub fn discovery_ttl(mut self, ttl: Duration) -> Self {
        self.discovery_ttl = Some(ttl);
        self
    }

    /// Whether requests name the SDK and its version (`Auth0-Client`). On.
    #[must_use]
    pub fn enable_telemetry(mut self, enable: bool) -> Self {
        self.telemetry = Some(enable);
        self
    }

    /// Another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Another source of randomness than the operating system's.
    #[must_use]
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Some(Arc::new(random));
        self
    }

    /// Another way to the tenant than `reqwest` with its defaults: through the environment's proxies,
    /// `ReqwestClient::with_environment_proxy()`.
    #[must_use]
    pub fn http_client(mut self, client: impl HttpClient + 'static) -> Self {
        self.http_client = Some(Arc::new(client));
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    ///
    /// Every problem there is, each with its option and variable.
    pub fn build(self) -> Result<Client, ConfigError> {
        check::build(self)
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("domain", &self.domain)
            .field("client_id", &self.client_id)
            .field("app_base_urls", &self.app_base_urls)
            .finish_non_exhaustive()
    }
}
