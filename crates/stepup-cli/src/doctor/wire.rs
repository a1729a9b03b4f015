//! Requests to the tenant, redirects not followed: where they lead is what is asked.

use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use http::{HeaderMap, StatusCode, header};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use stepup_protocol::error::code;
use tokio::time::Instant;
use url::{Url, form_urlencoded};

use super::{credentials::Proof, finding::Report};
use crate::failure::Failure;

/// As long as the SDK waits.
const TIMEOUT: Duration = stepup::DEFAULT_HTTP_TIMEOUT;
/// No answer that counts is longer.
const LONGEST: usize = stepup::MAX_RESPONSE_BYTES;
const PAGE: &str = "something between the application and the tenant answers with a page: look at firewall, proxies and AUTH0_DOMAIN";
/// What names a proxy, for those who go through one.
const PROXIES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

#[derive(Debug)]
pub(super) struct Wire {
    client: reqwest::Client,
    /// The variable that names a proxy, and whether the requests go through it.
    proxy: Option<(&'static str, bool)>,
    /// How long the slowest answer took, in milliseconds.
    slowest: AtomicU64,
}

/// An answer. What is in it may be secret: it prints nothing.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The body, where it is JSON.
    pub(super) json: Value,
    /// The body, where it is a page.
    page: String,
}

/// Why the tenant did not do what it was asked.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) why: String,
    /// What to do where no setting is at fault: the tenant is busy or broken for now, or out of reach.
    pub(super) for_now: Option<String>,
}

impl Refusal {
    pub(super) fn lasting(why: String) -> Self {
        Self { why, for_now: None }
    }

    pub(super) fn by(answer: &Answer, why: String) -> Self {
        Self { why, for_now: answer.try_later() }
    }

    /// As [`Refusal::by`], where nothing but JSON is the tenant's own word.
    pub(super) fn in_json(answer: &Answer, why: String) -> Self {
        Self { why, for_now: answer.in_the_way() }
    }

    /// No answer came.
    pub(super) fn out_of_reach(why: String) -> Self {
        Self { why, for_now: Some("try again later; if it stays so, check firewall and proxies".to_owned()) }
    }
}

impl Wire {
    /// Goes to the tenant as the SDK does: past the proxies of the environment, unless it was built to go `through_proxy`.
    pub(super) fn new(through_proxy: bool) -> Result<Self, Failure> {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT);
        let client = if through_proxy { client } else { client.no_proxy() };
        let client = client.build().map_err(|error| Failure::other(&error))?;
        let named = PROXIES.into_iter().find(|name| env::var(name).is_ok_and(|value| !value.is_empty()));
        Ok(Self { client, proxy: named.map(|name| (name, through_proxy)), slowest: AtomicU64::new(0) })
    }

    /// Says which way the requests go, where there are two.
    pub(super) fn tell_proxy(&self, report: &mut Report) {
        match self.proxy {
            None => {}
            Some((name, true)) => report.ok("proxy", format!("{name} is gone through")),
            Some((name, false)) => {
                report.ok(
                    "proxy",
                    format!("{name} is set, and the tenant asked past it, as the SDK does by default"),
                );
            }
        }
    }

    /// Says how long the tenant took, where the SDK would not wait much longer.
    pub(super) fn tell_speed(&self, report: &mut Report) {
        let slowest = Duration::from_millis(self.slowest.load(Ordering::Relaxed));
        if slowest >= TIMEOUT / 2 {
            report.warn(
                "speed",
                format!("an answer took {:.1} s, and the SDK waits {} s", slowest.as_secs_f32(), TIMEOUT.as_secs()),
                "look at the network between the application and the tenant, or allow more with ClientBuilder::http_timeout",
            );
        }
    }

    /// What to do where no answer came, for this reason.
    pub(super) fn out_of_reach(&self, why: &str) -> String {
        match self.proxy {
            // rustls' word for it
            _ if why.contains("UnknownIssuer") => {
                "put the CA of the certificate into the trust store of the machine, or name its PEM file in SSL_CERT_FILE".to_owned()
            }
            Some((name, false)) => format!(
                "where the tenant is reached through {name} alone, build the client with \
                 `ReqwestClient::with_environment_proxy()`, and look again with --environment-proxy"
            ),
            Some((name, true)) => format!("check {name} and what the proxy lets through"),
            None => "check AUTH0_DOMAIN, DNS and firewall".to_owned(),
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, String> {
        let begun = Instant::now();
        let answer = Answer::read(request).await?;
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.slowest.fetch_max(took, Ordering::Relaxed);
        Ok(answer)
    }

    /// # Errors
    ///
    /// Why no answer came, in words.
    pub(super) async fn get(&self, url: &str) -> Result<Answer, String> {
        self.send(self.client.get(url)).await
    }

    /// As [`Wire::get`], with these credentials, and the proof of the key that they are bound to.
    ///
    /// # Errors
    ///
    /// As there.
    pub(super) async fn get_with(
        &self,
        url: &str,
        credentials: &str,
        dpop: Option<&str>,
    ) -> Result<Answer, String> {
        let mut request = self.client.get(url).header(header::AUTHORIZATION, credentials);
        if let Some(dpop) = dpop {
            request = request.header("dpop", dpop);
        }
        self.send(request).await
    }

    /// Sends a form that the client proves to be its own, and `dpop`, the proof of a key, where there is one.
    ///
    /// # Errors
    ///
    /// As [`Wire::get`].
    pub(super) async fn post(
        &self,
        url: &str,
        form: &[(&str, &str)],
        proof: Proof,
        dpop: Option<&str>,
    ) -> Result<Answer, String> {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form).extend_pairs(&proof.form);
        let mut request =
            self.client.post(url).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some((client_id, secret)) = &proof.basic {
            request = request.basic_auth(client_id, Some(secret.expose_secret()));
        }
        if let Some(dpop) = dpop {
            request = request.header("dpop", dpop);
        }
        self.send(request.body(body.finish())).await
    }
}

impl Answer {
    async fn read(request: reqwest::RequestBuilder) -> Result<Self, String> {
        // The address may carry what is nobody's business, and is said beside the error anyway.
        let words = |error: reqwest::Error| match error.is_timeout() {
            true => format!("none within {} s, which is as long as the SDK waits", TIMEOUT.as_secs()),
            false => Failure::other(&error.without_url()).to_string(),
        };
        let mut response = request.send().await.map_err(words)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(words)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err(format!("an answer of more than {LONGEST} bytes"));
            }
        }
        let is_page = body.trim_ascii_start().starts_with(b"<")
            || headers
                .get(header::CONTENT_TYPE)
                .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
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

    /// Whether the tenant has looked at what was handed in, and does not take it.
    pub(super) fn is_a_refusal(&self) -> bool {
        self.status.is_client_error() && self.in_the_way().is_none() && !self.error().is_empty()
    }

    /// Status, code and the tenant's own words.
    pub(super) fn summary(&self) -> String {
        let words = self.text("error_description").map(|words| format!(" ({words})")).unwrap_or_default();
        let page = if self.page.is_empty() { "" } else { "with a page" };
        format!("{} {}{words}{page}", self.status.as_u16(), self.error()).trim_end().to_owned()
    }

    /// The nonce for the next DPoP proof (RFC 9449 section 8), where the last one was refused for want of it.
    pub(super) fn wanted_nonce(&self) -> Option<&str> {
        let nonce = self.headers.get("dpop-nonce")?.to_str().ok()?;
        (self.error() == code::USE_DPOP_NONCE).then_some(nonce)
    }

    /// When to ask again, where what is asked for does not decide the answer (RFC 9110 section 10.2.3).
    fn try_later(&self) -> Option<String> {
        if self.status != StatusCode::TOO_MANY_REQUESTS && !self.status.is_server_error() {
            return None;
        }
        let wait = self.headers.get(header::RETRY_AFTER).and_then(|wait| wait.to_str().ok());
        Some(match wait.and_then(|wait| wait.parse::<u32>().ok()) {
            Some(seconds) => format!("try again in {seconds} s"),
            None => "try again later".to_owned(),
        })
    }

    /// What to do about an answer that is not the tenant's own word, where that is always JSON.
    pub(super) fn in_the_way(&self) -> Option<String> {
        if let Some(later) = self.try_later() {
            return Some(later);
        }
        if self.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Some("a proxy answers in the tenant's place, and wants a password".to_owned());
        }
        if self.status.is_redirection() {
            let to = self.headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
            return Some(format!(
                "the SDK follows no redirect: set AUTH0_DOMAIN to the host that this one leads to ({to})"
            ));
        }
        (!self.page.is_empty()).then(|| PAGE.to_owned())
    }

    pub(super) fn location(&self) -> Option<Url> {
        Url::parse(self.headers.get(header::LOCATION)?.to_str().ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_nonce_is_wanted_where_the_proof_was_refused_for_want_of_it() {
        let nonce =
            HeaderMap::from_iter([(http::HeaderName::from_static("dpop-nonce"), "n-1".parse().unwrap())]);
        for (error, headers, wanted) in [
            ("use_dpop_nonce", nonce.clone(), Some("n-1")),
            ("use_dpop_nonce", HeaderMap::new(), None),
            ("invalid_grant", nonce, None),
        ] {
            let json = json!({ "error": error });
            let answer = Answer { status: StatusCode::BAD_REQUEST, headers, json, page: String::new() };
            assert_eq!(answer.wanted_nonce(), wanted, "{error}");
        }
    }

    #[test]
    fn what_keeps_answers_away_says_what_to_do() {
        let wire = |proxy| Wire {
            client: reqwest::Client::builder().build().unwrap(),
            proxy,
            slowest: AtomicU64::new(0),
        };
        let refused = "the connection failed: refused";
        for (proxy, why, told) in [
            (None, refused, "AUTH0_DOMAIN"),
            (None, "invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
            (Some(("HTTPS_PROXY", false)), refused, "`ReqwestClient::with_environment_proxy()`"),
            (Some(("HTTPS_PROXY", true)), refused, "check HTTPS_PROXY"),
        ] {
            assert!(wire(proxy).out_of_reach(why).contains(told), "{why}");
        }
    }

    #[test]
    fn a_redirect_says_where_it_leads() {
        let headers =
            HeaderMap::from_iter([(header::LOCATION, "https://login.example.com/".parse().unwrap())]);
        let answer =
            Answer { status: StatusCode::MOVED_PERMANENTLY, headers, json: Value::Null, page: String::new() };
        let change = answer.in_the_way().unwrap();
        assert!(change.ends_with("(https://login.example.com/)"), "{change}");
    }
}
