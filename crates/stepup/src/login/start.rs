//! The way to the tenant: an authorization request with PKCE, state and nonce (OIDC Core section 3.1.2.1, RFC 7636),
//! pushed ahead where that is configured (RFC 9126).

use std::time::Duration;

use http::StatusCode;
use stepup_protocol::{discovery::ProviderMetadata, error::code, scope::Scopes};
use stepup_seal::{base64url, digest, token};
use tracing::{Instrument as _, field::Empty};
use url::Url;

use crate::{
    client::Client,
    provider::ProviderError,
    session::{Session, SessionTooLarge},
    transaction::{Popup, Transaction},
};

/// The parameters of an authorization request that are the SDK's own.
pub(crate) const RESERVED_PARAMETERS: [&str; 8] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "code_challenge",
    "code_challenge_method",
    "state",
    "nonce",
    "dpop_jkt",
];

/// The bytes of randomness in a state, a nonce and a code verifier: 43 characters of base64url.
const RANDOM_BYTES: usize = 32;

/// A login to begin.
#[derive(Debug)]
pub(crate) struct LoginRequest {
    /// A path of the application, safe to go to.
    pub(crate) return_to: String,
    /// Where the tenant sends the browser back to.
    pub(crate) redirect_uri: Url,
    /// Where it runs in a pop-up.
    pub(crate) popup: Option<Popup>,
    /// Whether what it brings goes into the session of the user who is logged in.
    pub(crate) into_session: bool,
    /// The user who is logged in, where it is for them and nobody else.
    pub(crate) subject: Option<String>,
    /// What their session's own token is for: a login that names no other API brings it anew.
    pub(crate) default_audience: Option<String>,
    /// Parameters over the configured ones.
    pub(crate) parameters: Vec<(String, String)>,
}

impl LoginRequest {
    /// For the user of `session`, and nobody else: in their organization, and with what they log in by filled in; what was
    /// asked for otherwise stays. The pop-ups of nextjs-auth0 fill nothing in, and neither do these, but the organization:
    /// without it the session would leave its own.
    pub(crate) fn for_user_of(mut self, session: &Session) -> Self {
        self.subject = Some(session.subject().to_owned());
        self.default_audience.clone_from(&session.main.audience);
        let hint = self.popup.is_none().then_some(("login_hint", "email"));
        for (parameter, claim) in [("organization", "org_id")].into_iter().chain(hint) {
            let is_given = self.parameters.iter().any(|(name, value)| name == parameter && !value.is_empty());
            let value = session.claim(claim).and_then(serde_json::Value::as_str);
            if let Some(value) = value.filter(|_| !is_given) {
                self.parameters.push((parameter.to_owned(), value.to_owned()));
            }
        }
        self
    }

    /// Whether it brings a token beside the session's own.
    fn is_for_other_api(&self, audience: Option<&str>) -> bool {
        self.subject.is_some() && audience != self.default_audience.as_deref()
    }
}

/// A login that has begun: where to send the browser, and what to remember.
#[derive(Debug)]
pub(crate) struct StartedLogin {
    pub(crate) location: Url,
    pub(crate) transaction: Transaction,
}

/// Why a login could not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    /// The tenant says of itself that its authorization endpoint is somewhere that is no address.
    #[error("the tenant's authorization endpoint is no address")]
    AuthorizationEndpoint(#[source] url::ParseError),
    /// `max_age` is not a number of seconds.
    #[error("Invalid max_age query param: {0:?}. Must be a non-negative integer.")]
    MaxAge(String),
    /// What the tenant says of itself could not be had.
    #[error("the tenant's discovery document could not be had")]
    Discovery(#[from] ProviderError),
    /// Authorization requests are to be pushed, and the tenant does not say where to.
    #[error(
        "the tenant has no pushed_authorization_request_endpoint; let it offer one, or turn pushed_authorization_requests off"
    )]
    NoPushedAuthorizationRequests,
    /// What must be remembered of it makes a longer `Cookie` header than is allowed
    /// ([`max_cookie_header`](crate::ClientBuilder::max_cookie_header)), beside the session and the other cookies.
    #[error(
        "the login would need a Cookie header of {bytes} bytes and {limit} are allowed; drop what is not needed in \
         before_session_saved, or raise max_cookie_header if every proxy on the way takes more"
    )]
    TooLarge {
        /// The length that it would need.
        bytes: usize,
        /// The length that is allowed.
        limit: usize,
    },
    /// The tenant did not take the pushed authorization request, or could not be reached.
    #[error("the authorization request could not be pushed")]
    Pushed(#[source] ProviderError),
}

impl LoginError {
    /// A stable code for programs.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::MaxAge(_) => code::INVALID_REQUEST,
            Self::AuthorizationEndpoint(_) | Self::Discovery(_) | Self::NoPushedAuthorizationRequests => {
                "discovery_error"
            }
            Self::Pushed(_) => "authorization_error",
            Self::TooLarge { .. } => SessionTooLarge::CODE,
        }
    }

    /// The status that the login route answers.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::MaxAge(_) => StatusCode::BAD_REQUEST,
            Self::AuthorizationEndpoint(_)
            | Self::Discovery(_)
            | Self::NoPushedAuthorizationRequests
            | Self::Pushed(_)
            | Self::TooLarge { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// How long to wait before another attempt, where the tenant, or something on the way to it, told it.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.provider_error().and_then(ProviderError::retry_after)
    }

    /// What went wrong between here and the tenant, if that is why.
    pub(crate) const fn provider_error(&self) -> Option<&ProviderError> {
        match self {
            Self::Discovery(error) | Self::Pushed(error) => Some(error),
            Self::AuthorizationEndpoint(_)
            | Self::MaxAge(_)
            | Self::NoPushedAuthorizationRequests
            | Self::TooLarge { .. } => None,
        }
    }
}

impl Client {
    /// Begins a login.
    pub(crate) async fn start_login(&self, request: LoginRequest) -> Result<StartedLogin, LoginError> {
        let span = tracing::info_span!("stepup.login.start", "error.type" = Empty);
        let started = self.begin_login(request).instrument(span.clone()).await;
        if let Err(error) = &started {
            span.record("error.type", error.code());
        }
        started
    }

    async fn begin_login(&self, request: LoginRequest) -> Result<StartedLogin, LoginError> {
        let mut parameters = self.login_parameters(&request);
        let asked = parameters.get("scope").map(Scopes::from).unwrap_or_default();
        let mut scope = asked.clone();
        // Without it nobody would come back.
        scope.insert("openid");
        parameters.set("scope", scope.as_str());
        let max_age = parameters.get("max_age").map(max_age).transpose()?;
        let metadata = self.provider().metadata().await?;
        let endpoint =
            Url::parse(&metadata.authorization_endpoint).map_err(LoginError::AuthorizationEndpoint)?;

        // Nobody names what a login adds when they look for another API's token.
        let kept_scope = if request.is_for_other_api(parameters.get("audience")) { asked } else { scope };
        let transaction = Transaction {
            state: token(self.random(), RANDOM_BYTES),
            nonce: Some(token(self.random(), RANDOM_BYTES)),
            code_verifier: token(self.random(), RANDOM_BYTES),
            return_to: request.return_to,
            scope: kept_scope,
            audience: parameters.get("audience").map(str::to_owned),
            max_age,
            acr_values: parameters.get("acr_values").map(str::to_owned),
            organization: parameters.get("organization").map(str::to_owned),
            redirect_uri: Some(request.redirect_uri.to_string()),
            popup: request.popup,
            into_session: request.into_session,
            subject: request.subject,
        };
        let parameters = self.authorization_request(parameters, &transaction, &request.redirect_uri);
        let location = self.authorization_url(&metadata, endpoint, parameters).await?;
        Ok(StartedLogin { location, transaction })
    }

    /// The configured parameters, and the given ones over them.
    fn login_parameters(&self, request: &LoginRequest) -> Parameters {
        let configured = &self.config().authorization;
        let mut parameters = Parameters::default();
        let given = || request.parameters.iter().filter(|(name, value)| is_free(name) && !value.is_empty());
        let own_audience =
            given().rev().find(|(name, _)| name == "audience").map(|(_, value)| value.as_str());
        let audience =
            own_audience.or(configured.audience.as_deref()).or(request.default_audience.as_deref());

        parameters.set("scope", configured.scope_for(audience).as_str());
        if let Some(audience) = audience {
            parameters.set("audience", audience);
        }
        configured.parameters.iter().chain(given()).for_each(|(name, value)| parameters.set(name, value));
        parameters
    }

    /// Everything that the tenant is told but who asks.
    fn authorization_request(
        &self,
        Parameters(mut parameters): Parameters,
        transaction: &Transaction,
        redirect_uri: &Url,
    ) -> Vec<(String, String)> {
        let challenge = base64url::encode(digest::sha256(transaction.code_verifier.as_bytes()));
        let mut add = |name: &str, value: &str| parameters.push((name.to_owned(), value.to_owned()));
        add("redirect_uri", redirect_uri.as_str());
        add("response_type", "code");
        add("code_challenge", &challenge);
        add("code_challenge_method", "S256");
        add("state", &transaction.state);
        if let Some(nonce) = &transaction.nonce {
            add("nonce", nonce);
        }
        // RFC 9449 section 10: the code too is good with the key alone.
        if let Some(dpop) = self.provider().dpop() {
            add("dpop_jkt", dpop.thumbprint());
        }
        parameters
    }

    /// Where the browser goes with that request: it carries the parameters, or what stands for them.
    async fn authorization_url(
        &self,
        metadata: &ProviderMetadata,
        mut endpoint: Url,
        parameters: Vec<(String, String)>,
    ) -> Result<Url, LoginError> {
        let pushed = self.config().authorization.pushed || metadata.requires_pushed_authorization_requests();
        let parameters = if pushed {
            let pushed = metadata.pushed_authorization_request_endpoint.as_deref();
            let address = pushed.ok_or(LoginError::NoPushedAuthorizationRequests)?;
            let request_uri = self.provider().push(address, &parameters).await.map_err(LoginError::Pushed)?;
            vec![("request_uri".to_owned(), request_uri)]
        } else {
            parameters
        };
        endpoint
            .query_pairs_mut()
            .append_pair("client_id", &self.config().client_id)
            .extend_pairs(parameters);
        Ok(endpoint)
    }
}

fn is_free(name: &str) -> bool {
    !RESERVED_PARAMETERS.contains(&name)
}

fn max_age(text: &str) -> Result<u64, LoginError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().ok_or_else(|| LoginError::MaxAge(text.to_owned()))
}

/// Parameters in the order they were first set.
#[derive(Debug, Default)]
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(held, _)| held == name) {
            Some((_, held)) => value.clone_into(held),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }
}
