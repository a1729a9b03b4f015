//! Failures at addresses that people open: a page in place of JSON or of nothing.

use http::{HeaderMap, header, request::Parts};
use http_body_util::{BodyExt, Full};
use serde::Deserialize;

use super::service::Answer;
use crate::{
    dashboard,
    pages::{self, error},
};

/// Whether a person sees what answers this request: a browser shows it, at an address of the pages.
pub(crate) fn sees(head: &Parts) -> bool {
    is_of_the_pages(head.uri.path()) && asks_for_html(&head.headers)
}

fn is_of_the_pages(path: &str) -> bool {
    matches!(path, "/authorize" | "/continue" | "/mfa/enrollment" | "/oidc/logout" | "/u" | "/v2/logout")
        || path.starts_with("/authorize/")
        || path.starts_with("/u/")
        || dashboard::has(path)
}

fn asks_for_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The answer to a request at `path`, or a page that says the same where it is a failure in another form.
pub(crate) async fn show(tenant: &str, path: &str, answer: Answer) -> Answer {
    if !answer.status().is_client_error() && !answer.status().is_server_error() || is_html(&answer) {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    let said = match body.collect().await {
        Ok(body) => serde_json::from_slice::<Said>(&body.to_bytes()).ok(),
        Err(impossible) => match impossible {},
    };
    let fallback = head.status.canonical_reason().unwrap_or("The request failed.");
    let said = said.unwrap_or_default();
    let error = said.error.map(|error| ("error", error));
    let details: Vec<_> = error.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (advice, way_out) = if dashboard::has(path) {
        (dashboard::BEGIN_AGAIN, Some(dashboard::WAY_OUT))
    } else {
        (error::START_AGAIN, None)
    };
    let html = error::render(&error::View {
        tenant,
        message: said.error_description.as_deref().unwrap_or(fallback),
        advice,
        details: &details,
        way_out,
    });
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.extend(pages::headers::page([]));
    Answer::from_parts(head, Full::new(html.into()))
}

fn is_html(answer: &Answer) -> bool {
    let content_type = answer.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/html"))
}

/// A failure as programs are told it.
#[derive(Default, Deserialize)]
struct Said {
    error: Option<String>,
    error_description: Option<String>,
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn a_browser_at_an_address_of_the_pages_is_a_person() {
        let sees = |path, accept| {
            let request = Request::get(path).header(header::ACCEPT, accept).body(());
            sees(&request.unwrap().into_parts().0)
        };
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        for path in
            ["/u/nothing", "/u", "/authorize?client_id=x", "/authorize/resume", "/v2/logout", "/dashboard"]
        {
            assert!(sees(path, browser), "{path}");
            assert!(!sees(path, "*/*"), "{path}");
        }
        for path in ["/oauth/token", "/mfa/associate", "/api/v2/users", "/under", "/dashboards", "/"] {
            assert!(!sees(path, browser), "{path}");
        }
    }
}
