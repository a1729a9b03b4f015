//! Where a request came from.

use http::{HeaderMap, header, request::Parts};

use crate::{log::Correlation, server::Peer};

/// Where a request came from, as logs and Actions are told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    /// The peer's address.
    pub(crate) ip: String,
    /// `GET` or `POST`.
    pub(crate) method: String,
    /// The host that was asked.
    pub(crate) hostname: String,
    /// `User-Agent`.
    pub(crate) user_agent: String,
    /// `Accept-Language`, first entry.
    pub(crate) language: String,
    /// The transaction that the request belongs to.
    pub(crate) correlation: Correlation,
}

impl Caller {
    /// Reads the head of a request.
    pub(crate) fn of(parts: &Parts) -> Self {
        let peer = parts.extensions.get::<Peer>();
        let text = |name| header_text(&parts.headers, name).unwrap_or_default();
        let language = text(header::ACCEPT_LANGUAGE);
        Self {
            ip: peer.map_or_else(|| "127.0.0.1".to_owned(), |Peer(address)| address.to_string()),
            method: parts.method.to_string(),
            hostname: text(header::HOST)
                .rsplit_once(':')
                .map_or(text(header::HOST), |(host, _)| host)
                .to_owned(),
            user_agent: text(header::USER_AGENT).to_owned(),
            language: language.split([',', ';']).next().unwrap_or_default().trim().to_owned(),
            correlation: parts.extensions.get().cloned().unwrap_or_default(),
        }
    }
}

/// A header as text; nothing where it is absent or not ASCII.
pub(crate) fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

impl<S: Sync> axum::extract::FromRequestParts<S> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts))
    }
}
