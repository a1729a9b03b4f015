//! From options to a configuration, or to the list of what is wrong with them.

use std::{sync::Arc, time::Duration};

use stepup_protocol::scope::Scopes;
use stepup_seal::{Format, Secrets};
use url::Url;

use super::{
    Authorization, ClientBuilder, Config, ConfigError, CookieAttributes, Logout, SameSite, SessionCookie,
    TransactionCookie, cookies::is_under, domain, environment, error::Problems, parallel_transactions, proof,
    routes::is_path, session_name, transaction_prefix,
};
use crate::{
    client::{Client, Parts},
    clock::SystemClock,
    http_client::HttpClient,
    login::RESERVED_PARAMETERS,
    provider,
    random::SystemRandom,
    session::{DEFAULT_LIMIT, Lifetime},
};

const DEFAULT_SCOPE: &str = "openid profile email offline_access";
const DEFAULT_ABSOLUTE: Duration = Duration::from_secs(3 * 24 * 60 * 60);
const DEFAULT_INACTIVITY: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_TRANSACTION: Duration = Duration::from_secs(60 * 60);
const DEFAULT_MFA_CONTEXT_TTL: Duration = Duration::from_secs(600);
/// How long an answer of the tenant may take, unless [`ClientBuilder::http_timeout`] says otherwise: five seconds.
pub const DEFAULT_HTTP_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_DISCOVERY_TTL: Duration = Duration::from_secs(600);

/// One cookie that RFC 6265 section 6.1 has every browser keep.
const LEAST_COOKIE_HEADER: usize = 4096;

pub(super) fn build(mut builder: ClientBuilder) -> Result<Client, ConfigError> {
    let mut problems = Problems::default();
    if let Some(lookup) = builder.environment.take() {
        environment::fill(&mut builder, &*lookup, &mut problems);
    }
    let parts = check(builder, &mut problems);
    problems.or(parts).map(Client::new)
}

fn check(mut builder: ClientBuilder, problems: &mut Problems) -> Option<Parts> {
    let issuer = problems.missing("domain", builder.domain.take());
    let issuer = issuer.and_then(|domain| problems.take("domain", domain::parse(&domain)));
    let client_id = problems.missing("client_id", builder.client_id.take().filter(|id| !id.is_empty()));
    let credentials = proof::credentials(&mut builder, problems);
    let dpop = proof::dpop(&mut builder, problems);
    let secrets = problems.take("secret", Secrets::new(std::mem::take(&mut builder.secrets)));
    let base_urls = base_urls(&builder.app_base_urls, problems);
    let base_path = base_path(&builder.base_path, problems);
    builder.routes.problems().into_iter().for_each(|problem| problems.add("routes", problem));
    builder.pages.problems().iter().for_each(|problem| problems.add("mfa_pages", problem.clone()));

    let authorization = authorization(&builder, problems);
    let secure = builder.session_cookie.secure.unwrap_or(false)
        || (!base_urls.is_empty() && base_urls.iter().all(|url| url.scheme() == "https"));
    let routes = addresses(&base_urls, &base_path, &builder.routes.all());
    let is_under_base_path = routes.iter().flatten().all(|address| is_under(address.path(), &base_path));
    let default_path = if base_path.is_empty() || !is_under_base_path { "/" } else { &base_path };
    let session_cookie = session_cookie(&builder, secure, default_path, &routes, problems);
    let callbacks = addresses(&base_urls, &base_path, &[&builder.routes.callback]);
    let transaction_cookie = transaction_cookie(&builder, secure, default_path, &callbacks, problems);
    let sign_in_return_to_path = builder.sign_in_return_to_path.take();
    if sign_in_return_to_path.as_ref().is_some_and(|path| !path.starts_with('/') || path.starts_with("//")) {
        problems.add("sign_in_return_to_path", "is no path from the root of the application");
    }
    let lifetime = lifetime(&builder, problems);
    let mfa_context_ttl =
        positive("mfa_context_ttl", builder.mfa_context_ttl, DEFAULT_MFA_CONTEXT_TTL, problems);
    let timeout = positive("http_timeout", builder.http_timeout, DEFAULT_HTTP_TIMEOUT, problems);
    let http = http_client(&mut builder, problems);

    let format = builder.written_format();
    let also_read =
        Format::ALL.into_iter().filter(|other| *other != format && builder.also_read.contains(other));

    let (issuer, client_id) = (issuer?, client_id?);
    let mut base_urls = base_urls.into_iter();
    Some(Parts {
        provider: provider::Settings {
            issuer: issuer.url.clone(),
            client_id: client_id.clone(),
            credentials: credentials?,
            dpop,
            telemetry: builder.telemetry.unwrap_or(true),
            timeout,
            discovery_ttl: builder.discovery_ttl.unwrap_or(DEFAULT_DISCOVERY_TTL),
        },
        config: Config {
            issuer,
            client_id,
            base_url: base_urls.next()?,
            other_base_urls: base_urls.collect(),
            trust_forwarded_headers: builder.trust_forwarded_headers,
            base_path,
            routes: builder.routes,
            authorization,
            sign_in_return_to_path,
            lifetime,
            session_cookie,
            max_cookie_header: max_cookie_header(builder.max_cookie_header, problems),
            transaction_cookie,
            logout: Logout {
                strategy: builder.logout_strategy,
                id_token_hint: builder.id_token_hint.unwrap_or(true),
            },
            access_token_endpoint: builder.access_token_endpoint.unwrap_or(true),
            no_content_profile: builder.no_content_profile,
            token_refresh_buffer: builder.token_refresh_buffer,
            mfa_context_ttl,
            before_session_saved: builder.before_session_saved,
            before_session_rolled: builder.before_session_rolled,
            on_callback: builder.on_callback,
            pages: builder.pages,
        },
        secrets: secrets?,
        format,
        also_read: also_read.collect(),
        clock: builder.clock.unwrap_or_else(|| Arc::new(SystemClock)),
        random: builder.random.unwrap_or_else(|| Arc::new(SystemRandom)),
        http: http?,
    })
}

fn base_urls(texts: &[String], problems: &mut Problems) -> Vec<Url> {
    if texts.is_empty() {
        problems.add("app_base_url", "is missing");
    }
    let urls: Vec<Url> =
        texts.iter().filter_map(|text| problems.take("app_base_url", base_url(text))).collect();
    for url in urls.iter().filter(|url| url.scheme() == "http" && !domain::is_loopback(url)) {
        tracing::warn!(%url, "app_base_url is http: whoever is on the way can read the sessions that go over it");
        if urls.iter().any(|other| other.scheme() == "https" && other.host() == url.host()) {
            tracing::warn!(
                %url,
                "app_base_url is https for this host too: a browser that holds a cookie of that address takes none of this one"
            );
        }
    }
    urls
}

fn base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("{text:?} is no address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(format!("{text:?} is no http or https address"));
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err("has a query, a fragment or a user name in it".to_owned());
    }
    Ok(url)
}

/// Without its final slash; empty for the root.
fn base_path(text: &str, problems: &mut Problems) -> String {
    let path = text.trim_end_matches('/');
    if !path.is_empty() && !is_path(path) {
        problems.add("base_path", format!("{text:?} is no path such as /shop"));
        return String::new();
    }
    path.to_owned()
}

/// Where browsers find these routes, for each base URL.
fn addresses(base_urls: &[Url], base_path: &str, routes: &[&String]) -> Vec<Vec<Url>> {
    let under = |base: &Url| {
        let root = format!("{}{base_path}", base.path().trim_end_matches('/'));
        let at = |route: &&String| {
            let mut address = base.clone();
            address.set_path(&format!("{root}{route}"));
            address
        };
        routes.iter().map(at).collect()
    };
    base_urls.iter().map(under).collect()
}

fn authorization(builder: &ClientBuilder, problems: &mut Problems) -> Authorization {
    let mut scope = builder.scope.clone().unwrap_or_else(|| Scopes::from(DEFAULT_SCOPE));
    scope.insert("openid");
    let mut scope_by_audience = builder.scope_by_audience.clone();
    if let Some(own) = builder.audience.as_ref().and_then(|audience| scope_by_audience.get_mut(audience)) {
        own.insert("openid");
    }
    for (name, _) in &builder.parameters {
        if RESERVED_PARAMETERS.contains(&name.as_str()) {
            problems.add("authorization_parameter", format!("{name} is set by the SDK"));
        } else if matches!(name.as_str(), "scope" | "audience") {
            problems.add("authorization_parameter", format!("{name} has a method of its own"));
        }
    }
    Authorization {
        audience: builder.audience.clone().filter(|audience| !audience.is_empty()),
        scope,
        scope_by_audience,
        parameters: builder.parameters.clone(),
        pushed: builder.pushed_authorization_requests.unwrap_or(false),
    }
}

fn session_cookie(
    builder: &ClientBuilder,
    secure: bool,
    default_path: &str,
    routes: &[Vec<Url>],
    problems: &mut Problems,
) -> SessionCookie {
    let options = &builder.session_cookie;
    let name = options.name.clone().unwrap_or_else(|| session_name(builder.written_format()).to_owned());
    let attributes = CookieAttributes {
        secure,
        same_site: options.same_site.unwrap_or_default(),
        path: options.path.clone().unwrap_or_else(|| default_path.to_owned()),
        domain: options.domain.clone(),
    };
    if let Some((field, problem)) = attributes.problem(&name) {
        problems.add_to("session_cookie", field, problem);
    } else if let Some((field, problem)) = attributes.out_of_reach(routes) {
        problems.add_to("session_cookie", field, problem);
    }
    SessionCookie { name, transient: options.transient.unwrap_or(false), attributes }
}

fn transaction_cookie(
    builder: &ClientBuilder,
    secure: bool,
    default_path: &str,
    callbacks: &[Vec<Url>],
    problems: &mut Problems,
) -> TransactionCookie {
    let options = &builder.transaction_cookie;
    let format = builder.written_format();
    let prefix = options.prefix.clone().unwrap_or_else(|| transaction_prefix(format).to_owned());
    let attributes = CookieAttributes {
        secure: secure || options.secure.unwrap_or(false),
        same_site: options.same_site.unwrap_or_default(),
        path: options.path.clone().unwrap_or_else(|| default_path.to_owned()),
        domain: options.domain.clone().or_else(|| builder.session_cookie.domain.clone()),
    };
    if let Some((field, problem)) = attributes.problem(&prefix) {
        problems.add_to("transaction_cookie", field, problem);
    } else if (options.path.is_some() || options.domain.is_some())
        && let Some((field, problem)) = attributes.out_of_reach(callbacks)
    {
        problems.add_to("transaction_cookie", field, problem);
    }
    if attributes.same_site == SameSite::Strict {
        problems.add("transaction_cookie", "same_site: strict keeps the cookie away from the callback");
    }
    let max_age = positive("transaction_cookie", options.max_age, DEFAULT_TRANSACTION, problems);
    TransactionCookie {
        prefix,
        parallel: builder.parallel_transactions.unwrap_or(parallel_transactions(format)),
        max_age,
        attributes,
    }
}

fn max_cookie_header(wanted: Option<usize>, problems: &mut Problems) -> usize {
    if wanted.is_some_and(|bytes| bytes < LEAST_COOKIE_HEADER) {
        problems.add(
            "max_cookie_header",
            format!("is less than {LEAST_COOKIE_HEADER} bytes, which no session fits into"),
        );
    }
    wanted.unwrap_or(DEFAULT_LIMIT)
}

fn lifetime(builder: &ClientBuilder, problems: &mut Problems) -> Lifetime {
    // A form that carries no expiry cannot tell when a session was last written.
    let python = builder.written_format() == Format::Auth0ServerPython;
    if python && builder.rolling == Some(true) {
        problems.add("rolling", "is not possible in auth0-server-python's form, which carries no expiry");
    }
    Lifetime {
        rolling: builder.rolling.unwrap_or(!python),
        inactivity: positive(
            "inactivity_duration",
            builder.inactivity_duration,
            DEFAULT_INACTIVITY,
            problems,
        ),
        absolute: positive("absolute_duration", builder.absolute_duration, DEFAULT_ABSOLUTE, problems),
    }
}

/// Whole seconds count where a time ends up in a cookie or a token; nothing here may be shorter than a millisecond.
fn positive(
    option: &'static str,
    value: Option<Duration>,
    default: Duration,
    problems: &mut Problems,
) -> Duration {
    if value.is_some_and(|value| value < Duration::from_millis(1)) {
        problems.add(option, "must be longer than nothing");
    }
    value.unwrap_or(default)
}

fn http_client(builder: &mut ClientBuilder, problems: &mut Problems) -> Option<Arc<dyn HttpClient>> {
    builder.http_client.take().or_else(|| default_http_client(problems))
}

#[cfg(feature = "reqwest")]
fn default_http_client(problems: &mut Problems) -> Option<Arc<dyn HttpClient>> {
    let client = problems.take("http_client", crate::http_client::ReqwestClient::new());
    client.map(|client| Arc::new(client) as Arc<dyn HttpClient>)
}

#[cfg(not(feature = "reqwest"))]
fn default_http_client(problems: &mut Problems) -> Option<Arc<dyn HttpClient>> {
    problems.missing("http_client", None)
}
