//! The answer to an authorization request, by its response mode.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use url::Url;

use super::request::{PageProblem, Problem};
use crate::{dashboard, pages, state::State};

/// How the answer reaches the client (OAuth 2.0 Multiple Response Types section 2.1, Form Post Response Mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ResponseMode {
    /// A form that sends itself.
    FormPost,
    /// In the fragment of the redirect.
    Fragment,
    /// In its query.
    Query,
    /// As a message to the window that opened or framed this one.
    WebMessage,
}

impl ResponseMode {
    /// The mode that `word` names.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "form_post" => Self::FormPost,
            "fragment" => Self::Fragment,
            "query" => Self::Query,
            "web_message" => Self::WebMessage,
            _ => return None,
        })
    }
}

/// Where and how a request is answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The client's callback, which is known to be its own.
    pub(crate) redirect_uri: String,
    /// How.
    pub(crate) mode: ResponseMode,
    state: Option<String>,
}

impl Answer {
    /// An answer that carries `state` back.
    pub(crate) fn new(redirect_uri: String, mode: ResponseMode, state: Option<&str>) -> Self {
        Self { redirect_uri, mode, state: state.map(str::to_owned) }
    }

    /// The origin of the callback.
    pub(crate) fn origin(&self) -> Option<String> {
        let origin = Url::parse(&self.redirect_uri).ok()?.origin();
        origin.is_tuple().then(|| origin.ascii_serialization())
    }

    /// The response that hands over a code.
    pub(crate) fn code(&self, state: &State, code: &str) -> Response {
        self.send(state, &[("code", code)])
    }

    /// The response that tells of a problem.
    pub(crate) fn problem(&self, state: &State, problem: &Problem) -> Response {
        self.send(state, &[("error", problem.error), ("error_description", &problem.description)])
    }

    fn send(&self, state: &State, parameters: &[(&str, &str)]) -> Response {
        let mut parameters = parameters.to_vec();
        if let Some(state) = &self.state {
            parameters.push(("state", state));
        }
        match self.mode {
            ResponseMode::Query => {
                self.redirect(state, if self.redirect_uri.contains('?') { '&' } else { '?' }, &parameters)
            }
            ResponseMode::Fragment => self.redirect(state, '#', &parameters),
            ResponseMode::FormPost => {
                let view = pages::form_post::View { action: &self.redirect_uri, fields: &parameters };
                (pages::headers::form_post(), pages::form_post::render(&view)).into_response()
            }
            ResponseMode::WebMessage => {
                let origin = self.origin().unwrap_or_default();
                let view = pages::web_message::View { target_origin: &origin, response: &parameters };
                (pages::headers::web_message(&origin), pages::web_message::render(&view)).into_response()
            }
        }
    }

    fn redirect(&self, state: &State, separator: char, parameters: &[(&str, &str)]) -> Response {
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let location = format!("{}{separator}{encoded}", self.redirect_uri);
        match HeaderValue::from_str(&location) {
            Ok(location) => found(location),
            Err(_) => page(state, &PageProblem::CallbackMismatch(self.redirect_uri.clone())),
        }
    }
}

/// A redirect that no cache keeps.
pub(crate) fn found(location: HeaderValue) -> Response {
    let mut response = (StatusCode::FOUND, [(header::LOCATION, location)]).into_response();
    crate::oauth::never_stored(response.headers_mut());
    response
}

/// The answer to what must not be sent to the client: the page of the tenant's owner, who is told what happened in its
/// query, or ours.
///
/// # Parameters
/// - `client_id`: as it was sent; it may be nobody's.
/// - `tracking`: what the log knows the request by.
pub(crate) fn refuse(
    state: &State,
    problem: &PageProblem,
    client_id: Option<&str>,
    tracking: &str,
) -> Response {
    let Some(mut url) = state.config.error_page.url.clone() else { return page(state, problem) };
    {
        let mut query = url.query_pairs_mut();
        if let Some(client_id) = client_id {
            query.append_pair("client_id", client_id);
        }
        query.append_pair("error", problem.error());
        query.append_pair("error_description", &problem.message());
        query.append_pair("tracking", tracking);
    }
    // A parsed address is the text of a header.
    HeaderValue::from_str(url.as_str()).map_or_else(|_| page(state, problem), found)
}

/// The page for what must not be redirected.
fn page(state: &State, problem: &PageProblem) -> Response {
    let (status, advice, detail) = match problem {
        PageProblem::CallbackMismatch(sent) => (
            StatusCode::FORBIDDEN,
            "The address to return to is not in the application's list of Allowed Callback URLs (callbacks). Add it there exactly as it was sent.",
            Some(("redirect_uri", sent.as_str())),
        ),
        PageProblem::Failed => (StatusCode::INTERNAL_SERVER_ERROR, pages::error::START_AGAIN, None),
        PageProblem::Invalid(name) => (
            StatusCode::BAD_REQUEST,
            "Go back to the application; whoever made it has to send this parameter once.",
            Some(("parameter", *name)),
        ),
        PageProblem::PushedRequest => (
            StatusCode::BAD_REQUEST,
            "Go back to the application and log in from there again: such an address works once, and not for long.",
            Some(("parameter", "request_uri")),
        ),
        PageProblem::UnknownClient(id) => {
            (StatusCode::BAD_REQUEST, pages::error::UNKNOWN_CLIENT, Some(("client_id", id.as_str())))
        }
    };
    let details: Vec<_> = [("error", problem.error())].into_iter().chain(detail).collect();
    let view = pages::error::View {
        tenant: &state.config.friendly_name,
        message: &problem.message(),
        advice,
        details: &details,
        way_out: state.config.error_page.show_log_link.then_some((dashboard::LOGS, "See the log")),
    };
    (status, pages::headers::page([]), pages::error::render(&view)).into_response()
}
