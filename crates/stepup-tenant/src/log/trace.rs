//! What goes around every request: it finds its transaction, its way is noted, and its answer waits for the log.

use std::{collections::BTreeMap, time::Instant};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use http::{HeaderValue, Method, Uri, header};
use http_body_util::BodyExt;
use serde::Deserialize;
use url::Url;

use super::{Correlation, Log};
use crate::{model::Step, oauth::params::Params, pipeline::header_text, state::Shared};

/// Lets a request be answered; what it did is in the store before the answer goes out.
pub(crate) async fn trace(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let correlation = Correlation::begin(shared.random.as_ref());
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(correlation.clone());
    // The server has read the body already; what cannot be read is left to the handler.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let asked = Asked {
        method: parts.method.clone(),
        uri: parts.uri.clone(),
        content_type: parts.headers.get(header::CONTENT_TYPE).cloned(),
        body: body.clone(),
        began: now(),
    };
    let gathered = Gathered { log: &shared.log, correlation: &correlation };
    let answer = next.run(Request::from_parts(parts, Body::from(body)));
    let mut response = correlation.clone().scope(answer).await;
    response.extensions_mut().insert(RequestId(correlation.request_id().to_owned()));
    let mut step = None;
    if let Some(transaction_id) = correlation.known() {
        let (answered, error) = error_of(response).await;
        response = answered;
        step = Some(asked.step(&shared, &correlation, transaction_id, &response, error));
    }
    gathered.write(step).await;
    response
}

/// What a request logs. It is written even where the request is given up because its client went away.
struct Gathered<'a> {
    log: &'a Log,
    correlation: &'a Correlation,
}

impl Gathered<'_> {
    async fn write(self, step: Option<Step>) {
        self.log.write(&self.correlation.take_events(), step.as_ref()).await;
    }
}

impl Drop for Gathered<'_> {
    fn drop(&mut self) {
        let events = self.correlation.take_events();
        if !events.is_empty() {
            let log = self.log.clone();
            tokio::spawn(async move { log.write(&events, None).await });
        }
    }
}

/// What an answer tells the server of its request: under which id the log knows it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// A request as it came.
struct Asked {
    method: Method,
    uri: Uri,
    content_type: Option<HeaderValue>,
    body: Bytes,
    began: Instant,
}

impl Asked {
    fn step(
        &self,
        shared: &Shared,
        correlation: &Correlation,
        transaction_id: &str,
        answer: &Response,
        error: Option<String>,
    ) -> Step {
        let location = header_text(answer.headers(), header::LOCATION);
        Step {
            request_id: correlation.request_id().to_owned(),
            transaction_id: transaction_id.to_owned(),
            date: shared.clock.now(),
            method: self.method.to_string(),
            path: self.uri.path().to_owned(),
            parameters: self.parameters(),
            status: answer.status().as_u16(),
            error: error.or_else(|| location.and_then(error_in)),
            location: location.map(without_query),
            duration_us: u64::try_from(now().duration_since(self.began).as_micros()).unwrap_or(u64::MAX),
        }
    }

    fn parameters(&self) -> BTreeMap<String, String> {
        let content_type = self.content_type.as_ref().and_then(|it| it.to_str().ok());
        let sent = [
            Params::from_form(self.uri.query().unwrap_or_default()),
            Params::from_body(content_type, &self.body),
        ];
        let mut told = BTreeMap::new();
        for params in sent.into_iter().flatten() {
            for name in TOLD {
                if let Some(words) = params.words(name) {
                    let text = words.join(" ").chars().take(LONGEST).collect();
                    told.insert((*name).to_owned(), text);
                }
            }
        }
        told
    }
}

/// The error code in the body of an answer that failed.
async fn error_of(response: Response) -> (Response, Option<String>) {
    #[derive(Deserialize)]
    struct Failed {
        error: String,
    }
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let error = serde_json::from_slice::<Failed>(&body).ok().map(|failed| failed.error);
    (Response::from_parts(parts, Body::from(body)), error)
}

/// The error code that a redirect carries.
fn error_in(location: &str) -> Option<String> {
    let (_, parameters) = location.split_once(['?', '#'])?;
    let mut pairs = form_urlencoded::parse(parameters.as_bytes());
    pairs.find(|(name, _)| name == "error").map(|(_, error)| error.chars().take(LONGEST).collect())
}

/// Where a redirect leads, without what it carries: codes and states are nobody's business.
fn without_query(location: &str) -> String {
    match Url::parse(location) {
        Ok(mut url) => {
            url.set_query(None);
            url.set_fragment(None);
            // neither can fail for an address that a browser is sent to
            let _ = (url.set_username(""), url.set_password(None));
            url.into()
        }
        Err(_) => location.split(['?', '#']).next().unwrap_or_default().to_owned(),
    }
}

/// Real time: what is told is how long a person waits, whatever the tenant's clock says.
#[expect(clippy::disallowed_methods, reason = "a duration of this machine, not a time of the tenant")]
fn now() -> Instant {
    Instant::now()
}

/// Parameters that say what a request is about and hold no secret.
const TOLD: &[&str] = &[
    "acr_values",
    "action",
    "audience",
    "authenticator_id",
    "authenticator_types",
    "challenge_type",
    "client_id",
    "grant_type",
    "max_age",
    "oob_channels",
    "prompt",
    "response_mode",
    "response_type",
    "scope",
];
/// Characters of a parameter that are told.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_tells_where_it_leads_and_no_more() {
        let back = "http://user:pw@localhost:3000/callback?code=secret&state=s#x";
        assert_eq!(without_query(back), "http://localhost:3000/callback");
        assert_eq!(without_query("/u/login?state=secret"), "/u/login");
        assert_eq!(
            error_in("/cb?error=access_denied&error_description=no").as_deref(),
            Some("access_denied")
        );
        assert_eq!(error_in("/cb#error=login_required").as_deref(), Some("login_required"));
        assert_eq!(error_in("/cb?code=x"), None);
    }
}
