//! A browser without scripts: follows redirects, keeps cookies, sends the forms of the page that it shows.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use url::Url;

/// One browser profile, on the page that it was led to.
pub(crate) struct Browser {
    http: reqwest::Client,
    /// By path and name. Cookies know hosts, not ports: one jar for everything on localhost.
    cookies: BTreeMap<(String, String), String>,
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) html: String,
}

impl Browser {
    pub(crate) fn new() -> Self {
        Self {
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            cookies: BTreeMap::new(),
            url: Url::parse("about:blank").unwrap(),
            status: StatusCode::OK,
            html: String::new(),
        }
    }

    pub(crate) async fn open(&mut self, url: &str) {
        let url = Url::parse(url).unwrap();
        self.travel(url, None, None).await;
    }

    /// Fills in and sends the form whose action ends in `action`, hidden fields included, and the main button.
    pub(crate) async fn submit(&mut self, action: &str, fields: &[(&str, &str)]) {
        let form = self
            .html
            .split("<form ")
            .skip(1)
            .map(|form| form.split_once("</form>").unwrap().0)
            .find(|form| {
                let address = attribute(form, "action").unwrap();
                address.split('?').next().unwrap().ends_with(action)
            })
            .unwrap_or_else(|| panic!("no form for {action} on {}: {}", self.url, self.html));
        let target = self.url.join(&unescaped(attribute(form, "action").unwrap())).unwrap();
        let mut body = form_urlencoded::Serializer::new(String::new());
        for input in form.split("<input ").skip(1).filter(|input| attribute(input, "type") == Some("hidden"))
        {
            body.append_pair(
                attribute(input, "name").unwrap(),
                &unescaped(attribute(input, "value").unwrap()),
            );
        }
        if form.contains("name=\"action\" value=\"default\"") {
            body.append_pair("action", "default");
        }
        for (name, value) in fields {
            assert!(form.contains(&format!("name=\"{name}\"")), "no field {name} in {form}");
            body.append_pair(name, value);
        }
        let origin = self.url.origin().ascii_serialization();
        self.travel(target, Some(body.finish()), Some(origin)).await;
    }

    /// Sends a form that no page shows, as `origin` would.
    pub(crate) async fn post(&mut self, url: &str, body: &str, origin: Option<&str>) {
        let url = Url::parse(url).unwrap();
        self.travel(url, Some(body.to_owned()), origin.map(str::to_owned)).await;
    }

    async fn travel(&mut self, mut url: Url, mut body: Option<String>, origin: Option<String>) {
        for _ in 0..20 {
            let sent = body.take();
            let mut request = match &sent {
                Some(body) => self
                    .http
                    .post(url.clone())
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(body.clone()),
                None => self.http.get(url.clone()),
            };
            if let Some(origin) = &origin {
                request = request.header(ORIGIN, origin);
            }
            let cookies = self.cookies(url.path()).join("; ");
            let line = "Cookie: ".len() + cookies.len();
            assert!(line <= 8190, "{line} bytes of cookies at {url}");
            let answer = request
                .header(ACCEPT, "text/html,application/xhtml+xml")
                .header(COOKIE, cookies)
                .send()
                .await
                .unwrap();
            for cookie in answer.headers().get_all(SET_COOKIE) {
                self.keep(cookie.to_str().unwrap());
            }
            if let Some(location) = answer.headers().get(LOCATION) {
                url = url.join(location.to_str().unwrap()).unwrap();
                body = sent.filter(|_| answer.status() == StatusCode::TEMPORARY_REDIRECT);
                continue;
            }
            self.status = answer.status();
            self.url = url;
            self.html = answer.text().await.unwrap();
            return;
        }
        panic!("redirects without end, at {url}");
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        let path = attributes.split("; ").find_map(|attribute| attribute.trim().strip_prefix("Path="));
        let key = (path.unwrap_or("/").to_owned(), name.to_owned());
        let attributes = attributes.to_ascii_lowercase();
        if attributes.contains("max-age=0") || attributes.contains("01 jan 1970") || value.is_empty() {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.to_owned());
        }
    }

    /// What is sent along to `path`.
    pub(crate) fn cookies(&self, path: &str) -> Vec<String> {
        let is_sent = |at: &str| match path.strip_prefix(at) {
            Some(below) => below.is_empty() || below.starts_with('/') || at.ends_with('/'),
            None => false,
        };
        let sent = self.cookies.iter().filter(|((at, _), _)| is_sent(at));
        sent.map(|((_, name), value)| format!("{name}={value}")).collect()
    }

    /// The text of the page's heading.
    pub(crate) fn heading(&self) -> &str {
        let (_, rest) = self.html.split_once("<h1").unwrap_or_else(|| panic!("no heading: {}", self.html));
        rest.split_once('>').unwrap().1.split_once("</h1>").unwrap().0.trim()
    }

    /// The text of the page's alert.
    pub(crate) fn alert(&self) -> Option<String> {
        let (_, rest) = self.html.split_once("role=\"alert\"")?;
        let (text, _) = rest.split_once('>')?.1.split_once("</p>")?;
        let text = text.rsplit_once("<span>").map_or(text, |(_, text)| text).replace("</span>", "");
        Some(unescaped(text.trim()))
    }

    /// The address of the link with that text.
    pub(crate) fn link(&self, text: &str) -> String {
        let (before, _) = self.html.split_once(&format!(">{text}</a>")).unwrap();
        let (_, address) = before.rsplit_once("href=\"").unwrap();
        self.url.join(&unescaped(address.split_once('"').unwrap().0)).unwrap().into()
    }

    /// The value of an attribute that occurs once.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        attribute(&self.html, name)
    }
}

fn attribute<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    Some(html.split_once(&format!("{name}=\""))?.1.split_once('"')?.0)
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&amp;", "&")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
}
