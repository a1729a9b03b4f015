//! What pages of other origins may read (Fetch standard, "CORS protocol").

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use http_body_util::Full;
use url::Url;

use crate::config::{AllowedUrls, Client, is_loopback};

/// The rule of which origins may read answers.
pub(crate) struct Cors {
    lists: Vec<AllowedUrls>,
}

/// What of a request the headers of its answer depend on.
pub(crate) struct Asked {
    path: Class,
    origin: Option<HeaderValue>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// For everybody.
    Public,
    /// For the origins of the applications.
    Api,
    /// Pages and redirects: not for scripts of others.
    Closed,
}

impl Cors {
    pub(crate) fn new(clients: &[Client]) -> Self {
        let lists = clients.iter().flat_map(|client| {
            [client.callbacks.clone(), client.web_origins.clone(), client.allowed_origins.clone()]
        });
        Self { lists: lists.collect() }
    }

    /// The answer to a preflight, if the request is one and for a path that has CORS.
    pub(crate) fn preflight(&self, head: &Parts) -> Option<Response<Full<Bytes>>> {
        let preflight = head.method == Method::OPTIONS
            && head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
            && Class::of(head.uri.path()) != Class::Closed;
        preflight.then(|| {
            let mut answer = Response::new(Full::default());
            *answer.status_mut() = StatusCode::NO_CONTENT;
            let headers = answer.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED));
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("300"));
            self.finish(&Self::remember(head), answer)
        })
    }

    /// What [`Self::finish`] will need of a request that is about to be consumed.
    pub(crate) fn remember(head: &Parts) -> Asked {
        Asked { path: Class::of(head.uri.path()), origin: head.headers.get(header::ORIGIN).cloned() }
    }

    /// The answer with the headers that let the asking page read it.
    pub(crate) fn finish(&self, asked: &Asked, mut answer: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
        match asked.path {
            Class::Closed => {}
            Class::Public => {
                answer
                    .headers_mut()
                    .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            }
            Class::Api => {
                answer.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
                if let Some(origin) = asked.origin.as_ref().filter(|origin| self.allows(origin)) {
                    expose(answer.headers_mut(), origin);
                }
            }
        }
        answer
    }

    /// Pages on this machine may always; others when a client has registered them.
    fn allows(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        Url::parse(origin).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && is_loopback(&url))
            || self.lists.iter().any(|urls| urls.allows_origin(origin))
    }
}

fn expose(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
}

impl Class {
    fn of(path: &str) -> Self {
        if path.starts_with("/.well-known/") {
            Self::Public
        } else if matches!(path, "/oauth/token" | "/oauth/revoke" | "/userinfo")
            || ["/mfa/", "/passwordless/", "/dbconnections/"].iter().any(|prefix| path.starts_with(prefix))
        {
            Self::Api
        } else {
            Self::Closed
        }
    }
}

const METHODS: &str = "GET, POST, DELETE, OPTIONS";
const ALLOWED: &str = "authorization, content-type, auth0-client, dpop";
const EXPOSED: &str = "dpop-nonce, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after";
