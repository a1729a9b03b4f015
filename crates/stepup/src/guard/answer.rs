//! What a request that was stopped is answered.

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, Uri};

use stepup_protocol::mfa::FactorType;

use super::{Guard, Lack, Stopped, api, page};
use crate::{
    client::Client,
    session::SessionState,
    web::{
        answer::{empty, private},
        navigation::wants_page,
        prefetch::is_prefetch,
    },
};

/// A request that was stopped.
#[derive(Clone, Copy, Debug)]
pub struct StoppedRequest<'r> {
    /// Its method.
    pub method: &'r Method,
    /// Its address as the browser knows it: see [`Client::browser_uri`].
    pub uri: &'r Uri,
    /// Its headers.
    pub headers: &'r HeaderMap,
    /// What it sent along: see [`StoppedRequest::sends_form`].
    pub sent: Sent<'r>,
}

/// What a request sent along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sent<'r> {
    /// A whole form.
    Form(&'r [u8]),
    /// Nothing, or something that was not read: another kind of body, or one larger than
    /// [`MAX_FORM_BYTES`](crate::MAX_FORM_BYTES).
    Unread,
}

impl StoppedRequest<'_> {
    /// Whether a browser navigates and can be shown a page, as opposed to a script that fetches.
    #[must_use]
    pub fn is_page(method: &Method, headers: &HeaderMap) -> bool {
        matches!(*method, Method::GET | Method::HEAD | Method::POST) && wants_page(headers)
    }

    /// Whether a browser, or a framework in it, only looks ahead, in case somebody will ask for the page (`Sec-Purpose:
    /// prefetch` and its forerunners): judge the request by [`Client::guard_ahead`] then.
    #[must_use]
    pub fn is_prefetch(headers: &HeaderMap) -> bool {
        is_prefetch(headers)
    }

    /// Whether a browser sends a form that should be kept: read the body then, up to
    /// [`MAX_FORM_BYTES`](crate::MAX_FORM_BYTES), and only once the request is [`Stopped`].
    #[must_use]
    pub fn sends_form(method: &Method, headers: &HeaderMap) -> bool {
        *method == Method::POST && Self::is_page(method, headers)
    }
}

/// The tenant's pages were asked for a certain factor, and did not tell of it: nobody will pass before the application is
/// changed.
pub(crate) fn report_untold_factor(needed: &[FactorType]) {
    let needed: Vec<_> = needed.iter().map(|factor| factor.as_str()).collect();
    tracing::error!(
        ?needed,
        "a certain factor is needed, and the tenant's pages do not tell which it was: name an audience in the guard whose Actions ask for a second factor, so that it is proved on the application's own pages"
    );
}

impl Stopped {
    /// The answer: a script or a program is told what is due (see [`ApiAnswer`](super::ApiAnswer)), a browser goes off to
    /// the pages for the second factor, the form that it was sending kept, and comes back. One that only looks ahead gets 204.
    /// Where the tenant does not grant the guard's scope it is 403, for a script with `insufficient_scope` (RFC 6750 section 3.1).
    #[must_use]
    pub fn answer(
        &self,
        client: &Client,
        state: &SessionState,
        guard: &Guard,
        request: &StoppedRequest<'_>,
    ) -> Response<Bytes> {
        tracing::info!(reason = self as &dyn std::error::Error, "a guard stopped a request");
        if matches!(self, Self::Unmet(Lack::OtherFactor)) && guard.token().is_none() {
            report_untold_factor(&guard.need.factors);
        }
        private(if is_prefetch(request.headers) {
            empty(StatusCode::NO_CONTENT)
        } else if StoppedRequest::is_page(request.method, request.headers) {
            page::answer(self, client, state, guard, request)
        } else {
            match self {
                Self::Ask { lack, due } => api::due(client, request.headers, guard, *lack, due.as_ref()),
                Self::Unmet(lack) => api::unmet(guard, *lack),
                Self::InsufficientScope(_) => api::insufficient_scope(guard),
                Self::Failed(error) => api::failed(error),
            }
        })
    }
}
