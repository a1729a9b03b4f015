//! As much of a browser as the flow needs: cookies, redirects, and the hidden fields of a form.

use std::{collections::BTreeMap, time::Duration};

use http::{Method, StatusCode, header};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::failure::Failure;

/// More than any login takes.
const MOST_REDIRECTS: usize = 10;

/// A browser that was just installed.
pub(super) struct Browser {
    client: reqwest::Client,
    /// By host, as browsers keep them: ports share them.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// A page, or the answer to a call.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Where it came from, after redirects.
    pub(super) url: Url,
    body: String,
    /// The body, where it is JSON.
    pub(super) json: Value,
}

impl Browser {
    pub(super) fn new() -> Result<Self, Failure> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| Failure::other(&error))?;
        Ok(Self { client, cookies: BTreeMap::new() })
    }

    /// Opens a page.
    pub(super) async fn open(&mut self, url: Url) -> Result<Answer, Failure> {
        let request = self.client.get(url.clone());
        self.follow(url, request).await
    }

    /// Submits a form to its own address.
    pub(super) async fn submit(&mut self, url: Url, fields: &[(&str, &str)]) -> Result<Answer, Failure> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self
            .client
            .post(url.clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, url.origin().ascii_serialization())
            .body(body);
        self.follow(url, request).await
    }

    /// Makes a call as a page's script does.
    pub(super) async fn call(
        &mut self,
        method: Method,
        url: Url,
        bearer: Option<&str>,
        body: Option<Value>,
    ) -> Result<Answer, Failure> {
        let mut request = self.client.request(method, url.clone());
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        if let Some(body) = body {
            request = request
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::ORIGIN, url.origin().ascii_serialization())
                .body(body.to_string());
        }
        let response = self.send(&url, request).await?;
        Answer::read(url, response).await
    }

    async fn follow(&mut self, mut url: Url, mut request: RequestBuilder) -> Result<Answer, Failure> {
        for _ in 0..MOST_REDIRECTS {
            let response = self.send(&url, request).await?;
            let location =
                response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
            let Some(location) = location.filter(|_| response.status().is_redirection()) else {
                return Answer::read(url, response).await;
            };
            url = url.join(location).map_err(|error| Failure::other(&error))?;
            request = self.client.get(url.clone());
        }
        Err(Failure::Other(format!("more than {MOST_REDIRECTS} redirects, the last to {url}")))
    }

    async fn send(&mut self, url: &Url, request: RequestBuilder) -> Result<Response, Failure> {
        let kept = self.cookies.entry(url.host_str().unwrap_or_default().to_owned()).or_default();
        let sent: Vec<_> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request
            .header(header::COOKIE, sent.join("; "))
            .send()
            .await
            .map_err(|error| Failure::other(&error))?;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            keep(kept, cookie.to_str().unwrap_or_default());
        }
        Ok(response)
    }
}

/// Keeps a cookie, or forgets it where it has expired.
fn keep(kept: &mut BTreeMap<String, String>, cookie: &str) {
    let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
    let Some((name, value)) = pair.split_once('=') else { return };
    if attributes.split(';').any(|attribute| attribute.trim().eq_ignore_ascii_case("max-age=0")) {
        kept.remove(name);
    } else {
        kept.insert(name.to_owned(), value.to_owned());
    }
}

impl Answer {
    async fn read(url: Url, response: Response) -> Result<Self, Failure> {
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| Failure::other(&error))?;
        let body = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&body).unwrap_or_default();
        Ok(Self { status, url, body, json })
    }

    /// Refuses every other status.
    pub(super) fn expect(&self, status: StatusCode) -> Result<(), Failure> {
        if self.status == status {
            return Ok(());
        }
        let beginning: String = self.body.chars().take(300).collect();
        Err(Failure::Other(format!(
            "{} answered {}, not {status}: {beginning}",
            self.url.path(),
            self.status
        )))
    }

    /// A member of the JSON body.
    pub(super) fn text(&self, name: &str) -> Result<&str, Failure> {
        let member = self.json[name].as_str().filter(|text| !text.is_empty());
        member.ok_or_else(|| Failure::Other(format!("{} answered without `{name}`", self.url.path())))
    }

    /// The value of a form's hidden field; such values are base64url here, so nothing in them is escaped.
    pub(super) fn hidden_field(&self, name: &str) -> Result<String, Failure> {
        let tags = self.body.split('<').filter_map(|tag| tag.strip_prefix("input "));
        let named = format!("name=\"{name}\"");
        let mut values = tags.filter(|tag| tag.contains(&named)).filter_map(|tag| {
            let (_, after) = tag.split_once("value=\"")?;
            Some(after.split_once('"')?.0.to_owned())
        });
        values
            .next()
            .ok_or_else(|| Failure::Other(format!("the page {} has no field `{name}`", self.url.path())))
    }
}
