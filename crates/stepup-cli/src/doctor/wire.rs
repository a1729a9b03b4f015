//! Requests to the tenant, redirects not followed: where they lead is what is asked.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::credentials::Proof;
use crate::failure::Failure;

const TIMEOUT: Duration = Duration::from_secs(10);
/// No answer that counts is longer.
const LONGEST: usize = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Wire(reqwest::Client);

/// An answer. What is in it may be secret: it prints nothing.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The body, where it is JSON.
    pub(super) json: Value,
    /// The body, where it is a page.
    page: String,
}

impl Wire {
    /// Goes through the proxies of the environment, as a deployed application may have to.
    pub(super) fn new() -> Result<Self, Failure> {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT);
        client.build().map(Self).map_err(|error| Failure::other(&error))
    }

    /// # Errors
    ///
    /// Why no answer came, in words.
    pub(super) async fn get(&self, url: &str) -> Result<Answer, String> {
        Answer::read(self.0.get(url)).await
    }

    /// As [`Wire::get`], with an access token or an `mfa_token`.
    ///
    /// # Errors
    ///
    /// As there.
    pub(super) async fn get_with(&self, url: &str, token: &str) -> Result<Answer, String> {
        Answer::read(self.0.get(url).bearer_auth(token)).await
    }

    /// Sends a form that the client proves to be its own.
    ///
    /// # Errors
    ///
    /// As [`Wire::get`].
    pub(super) async fn post(
        &self,
        url: &str,
        form: &[(&str, &str)],
        proof: Proof,
    ) -> Result<Answer, String> {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form).extend_pairs(&proof.form);
        let mut request = self.0.post(url).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some((client_id, secret)) = &proof.basic {
            request = request.basic_auth(client_id, Some(secret.expose_secret()));
        }
        Answer::read(request.body(body.finish())).await
    }
}

impl Answer {
    async fn read(request: reqwest::RequestBuilder) -> Result<Self, String> {
        // The address may carry what is nobody's business, and is said beside the error anyway.
        let words = |error: reqwest::Error| Failure::other(&error.without_url()).to_string();
        let mut response = request.send().await.map_err(words)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(words)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err(format!("an answer of more than {LONGEST} bytes"));
            }
        }
        let is_page =
            headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        let page = if is_page { String::from_utf8_lossy(&body).into_owned() } else { String::new() };
        Ok(Self { status, headers, json: serde_json::from_slice(&body).unwrap_or_default(), page })
    }

    /// Whether the body is a page with these words.
    pub(super) fn shows(&self, words: &str) -> bool {
        self.page.contains(words)
    }

    /// A member of the JSON that is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.json.get(name)?.as_str()
    }

    /// The OAuth error code; empty where there is none.
    pub(super) fn error(&self) -> &str {
        self.text("error").unwrap_or_default()
    }

    /// Status, code and the tenant's own words.
    pub(super) fn summary(&self) -> String {
        let words = self.text("error_description").map(|words| format!(" ({words})")).unwrap_or_default();
        format!("{} {}{words}", self.status.as_u16(), self.error()).trim_end().to_owned()
    }

    pub(super) fn location(&self) -> Option<Url> {
        Url::parse(self.headers.get(header::LOCATION)?.to_str().ok()?).ok()
    }
}
