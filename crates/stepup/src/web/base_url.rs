//! Which of the configured addresses a request came to.

use http::{HeaderMap, HeaderValue, Request, Uri, header};
use url::Url;

use crate::{client::Client, config::Config};

/// The request came to an address that is not configured.
#[derive(Debug, thiserror::Error)]
#[error("the request's host is none of the configured base URLs (app_base_url)")]
pub(crate) struct UnknownHost;

impl Client {
    /// The path and query of a request as the browser knows them. They differ from what the application sees where
    /// [`app_base_url`](crate::ClientBuilder::app_base_url) has a path, which something in front of the application takes
    /// off. For adapters to web frameworks.
    ///
    /// ```
    /// # fn show(client: &stepup::Client, request: &http::Request<()>) {
    /// // With `https://example.com/bank`, where `/transfer?to=bob` was asked for:
    /// let here = client.browser_uri(request.headers(), request.uri());
    /// assert_eq!(here, "/bank/transfer?to=bob");
    /// # }
    /// ```
    #[must_use]
    pub fn browser_uri(&self, headers: &HeaderMap, uri: &Uri) -> Uri {
        let base = of(self, headers).unwrap_or_else(|_| first(self));
        match base.path().trim_end_matches('/') {
            "" => uri.clone(),
            root => {
                let here = uri.path_and_query().map_or("/", |here| here.as_str());
                format!("{root}{here}").parse().unwrap_or_else(|_| uri.clone())
            }
        }
    }

    /// Puts the host that the request's target names into its `Host` header, which is where the SDK, and whatever else is
    /// handed headers alone, looks for it. A target names it in HTTP/2 (`:authority`, RFC 9113 section 8.3.1), where there may
    /// be no such header, and may in HTTP/1.1, where it then overrides the header (RFC 9112 section 3.2.2).
    ///
    /// For adapters to web frameworks: call it first. [`Client::handle`] does.
    ///
    /// ```
    /// let mut request = http::Request::get("https://example.com/transfer").body(())?;
    /// stepup::Client::name_host(&mut request);
    /// assert_eq!(request.headers()["host"], "example.com");
    /// # Ok::<(), http::Error>(())
    /// ```
    pub fn name_host<B>(request: &mut Request<B>) {
        let authority = request.uri().authority().map(|authority| HeaderValue::from_str(authority.as_str()));
        if let Some(Ok(host)) = authority {
            request.headers_mut().insert(header::HOST, host);
        }
    }
}

/// The only configured address, or the one whose host, and scheme where it is known, the request names.
pub(crate) fn of<'c>(client: &'c Client, headers: &HeaderMap) -> Result<&'c Url, UnknownHost> {
    choose(client.config(), headers).ok_or(UnknownHost)
}

/// Whether the request came to an address that is `https`.
pub(crate) fn is_https(client: &Client, headers: &HeaderMap) -> bool {
    of(client, headers).is_ok_and(|base| base.scheme() == "https")
}

fn choose<'c>(config: &'c Config, headers: &HeaderMap) -> Option<&'c Url> {
    if config.other_base_urls.is_empty() {
        return Some(&config.base_url);
    }
    let first =
        |name: &str| Some(headers.get(name)?.to_str().ok()?.split(',').next()?.trim().to_ascii_lowercase());
    let trusted = |name: &str| config.trust_forwarded_headers.then(|| first(name)).flatten();
    let host = trusted("x-forwarded-host").or_else(|| first(header::HOST.as_str()))?;
    let scheme = trusted("x-forwarded-proto");
    std::iter::once(&config.base_url).chain(&config.other_base_urls).find(|url| {
        let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let usual = matches!((url.scheme(), url.port()), ("https" | "http", None));
        let same_host = authority == host || (usual && with_port(url) == host);
        same_host && scheme.as_deref().is_none_or(|scheme| scheme == url.scheme())
    })
}

fn with_port(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// The application's first address, for where there is no request to tell.
pub(crate) fn first(client: &Client) -> &Url {
    &client.config().base_url
}

/// The path that visitors are sent to where nothing else is said: the configured one, else the root of the application.
pub(crate) fn home(client: &Client, base: &Url) -> String {
    let config = client.config();
    config.sign_in_return_to_path.clone().unwrap_or_else(|| {
        let root = base.path().trim_end_matches('/');
        // Routers know what is mounted at `/shop` by that path, and by `/shop/` only where it is told them.
        match &*config.base_path {
            "" => format!("{root}/"),
            below => format!("{root}{below}"),
        }
    })
}

/// The address of one of our routes.
pub(crate) fn route(client: &Client, base: &Url, path: &str) -> Url {
    let mut address = base.clone();
    let root = base.path().trim_end_matches('/');
    address.set_path(&format!("{root}{}{path}", client.config().base_path));
    address
}
