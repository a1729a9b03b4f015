//! A browser that keeps cookies, follows redirects within the tenant and reads forms.

use std::collections::BTreeMap;

use url::Url;

use super::{Answer, CALLBACK, CHALLENGE, Rig, VERIFIER, WEBAPP};

/// A browser.
pub(crate) struct Browser<'a> {
    rig: &'a Rig,
    pub(crate) cookies: BTreeMap<String, String>,
    /// What it says about where its requests come from (`Sec-Fetch-Site`); none: nothing, as a program.
    pub(crate) site: Option<&'static str>,
}

/// Where a browser stands: the last answer, and its address.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) answer: Answer,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(rig: &'a Rig) -> Self {
        Self { rig, cookies: BTreeMap::new(), site: None }
    }

    /// Opens an address and follows redirects until one leaves the tenant.
    pub(crate) async fn open(&mut self, address: &str) -> Page {
        let url = Url::parse(self.rig.tenant.issuer()).unwrap().join(address).unwrap();
        let answer = self.exchange(self.rig.http.get(url.clone())).await;
        self.follow(url, answer).await
    }

    /// Sends the form of a page to its own address.
    pub(crate) async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let state = page.state();
        let mut all = vec![("state", state.as_str())];
        all.extend_from_slice(fields);
        if !fields.iter().any(|(name, _)| *name == "action") {
            all.push(("action", "default"));
        }
        self.post(&page.url, &all).await
    }

    pub(crate) async fn post(&mut self, url: &Url, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.rig.http.post(url.clone()).body(body);
        let answer = self.exchange(request.header("content-type", "application/x-www-form-urlencoded")).await;
        self.follow(url.clone(), answer).await
    }

    async fn follow(&mut self, mut url: Url, mut answer: Answer) -> Page {
        let issuer = Url::parse(self.rig.tenant.issuer()).unwrap();
        for _ in 0..10 {
            if answer.status != 302 {
                break;
            }
            url = url.join(answer.header("location")).unwrap();
            if url.origin() != issuer.origin() {
                break;
            }
            answer = self.exchange(self.rig.http.get(url.clone())).await;
        }
        Page { url, answer }
    }

    async fn exchange(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let jar: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header("cookie", jar.join("; "));
        if let Some(site) = self.site {
            request = request.header("sec-fetch-site", site);
        }
        let answer = self.rig.send(request).await;
        for line in answer.headers.get_all("set-cookie") {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Opens `/authorize` for the web application.
    pub(crate) async fn authorize(&mut self, more: &[(&str, &str)]) -> Page {
        let path = authorize_path(more);
        self.open(&path).await
    }

    /// Logs Ada in on the page.
    pub(crate) async fn log_in(&mut self, page: &Page) -> Page {
        assert_eq!(page.url.path(), "/u/login", "{}", page.answer.body);
        self.submit(page, &[("username", super::ADA), ("password", super::PASSWORD)]).await
    }

    /// Exchanges the code in the address where the browser was sent.
    pub(crate) async fn exchange_code(&self, page: &Page) -> Answer {
        let code = page.parameter("code");
        self.rig
            .token(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ])
            .await
    }
}

/// `/authorize` of the web application; `more` replaces and adds, an empty value leaves out.
pub(crate) fn authorize_path(more: &[(&str, &str)]) -> String {
    let mut all = BTreeMap::from([
        ("client_id", WEBAPP),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("nonce", "n-0S6"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile email offline_access"),
        ("state", "xyz"),
    ]);
    all.extend(more.iter().copied());
    all.retain(|_, value| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
    format!("/authorize?{query}")
}

impl Page {
    /// The hidden `state` of the page's form.
    pub(crate) fn state(&self) -> String {
        self.parameter("state")
    }

    /// A query parameter of the address.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let found = self.url.query_pairs().find(|(held, _)| held == name);
        found.unwrap_or_else(|| panic!("no {name} in {}: {}", self.url, self.answer.body)).1.into_owned()
    }

    /// Error and description that the client was sent.
    pub(crate) fn failure(&self) -> String {
        assert!(self.url.as_str().starts_with(CALLBACK), "{}: {}", self.url, self.answer.body);
        format!("{}: {}", self.parameter("error"), self.parameter("error_description"))
    }

    /// The value of an attribute of the page.
    pub(crate) fn attribute(&self, name: &str) -> String {
        let (_, rest) = self
            .answer
            .body
            .split_once(&format!("{name}=\""))
            .unwrap_or_else(|| panic!("no {name} on {}: {}", self.url, self.answer.body));
        rest.split('"').next().unwrap().to_owned()
    }

    /// What the page says is wrong.
    pub(crate) fn alert(&self) -> String {
        let (_, alert) = self.answer.body.split_once("role=\"alert\"").unwrap_or_default();
        // The text between tags: a picture may come first.
        let texts = alert.split('>').skip(1).map(|part| part.split('<').next().unwrap_or_default().trim());
        texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default().replace("&#39;", "'")
    }
}
