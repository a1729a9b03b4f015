//! Somebody with a browser, who opens what the doctor prints and goes through the tenant's pages.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStderr, Command, Stdio},
};

use reqwest::{
    StatusCode,
    header::{ACCEPT, COOKIE, LOCATION, ORIGIN, SET_COOKIE},
};
use stepup_tenant::Tenant;
use url::{Url, form_urlencoded};

use super::{Looked, PASSWORD, environment, looked};
use crate::support::command;

/// A doctor that waits for a browser.
pub(super) struct Waiting {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// What was printed to open.
    pub(super) address: Url,
}

impl Waiting {
    pub(super) async fn for_login(tenant: &Tenant, others: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut doctor = command(&[&["doctor", "--json", "--browser"], arguments].concat());
        doctor.envs(environment(tenant, others));
        doctor.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        tokio::task::spawn_blocking(move || {
            let mut child = doctor.spawn().unwrap();
            let mut stderr = BufReader::new(child.stderr.take().unwrap());
            let address = address_in(&mut stderr);
            Self { child, stderr, address }
        })
        .await
        .unwrap()
    }

    /// The value of a parameter of the address.
    pub(super) fn asked(&self, name: &str) -> String {
        self.address.query_pairs().find(|(held, _)| held == name).unwrap().1.into_owned()
    }

    pub(super) fn interrupt(&self) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(super) async fn end(mut self) -> Looked {
        tokio::task::spawn_blocking(move || {
            let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
            self.child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
            self.stderr.read_to_end(&mut stderr).unwrap();
            looked(self.child.wait().unwrap(), stdout, stderr)
        })
        .await
        .unwrap()
    }
}

/// What is printed to open.
fn address_in(stderr: &mut BufReader<ChildStderr>) -> Url {
    let mut lines = stderr.lines().map(Result::unwrap);
    lines.find_map(|line| Url::parse(line.trim()).ok()).unwrap()
}

/// A browser without scripts, on the page that it was led to.
pub(super) struct Person {
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
    pub(super) url: Url,
    pub(super) status: StatusCode,
    pub(super) html: String,
}

impl Person {
    pub(super) fn new() -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self {
            http: http.build().unwrap(),
            cookies: BTreeMap::new(),
            url: Url::parse("about:blank").unwrap(),
            status: StatusCode::OK,
            html: String::new(),
        }
    }

    pub(super) async fn open(&mut self, url: &Url) {
        self.travel(url.clone(), None).await;
    }

    /// As Ada.
    pub(super) async fn log_in(&mut self) {
        assert_eq!(self.url.path(), "/u/login", "{}", self.html);
        self.submit(&[("username", "ada@example.com"), ("password", PASSWORD), ("action", "default")]).await;
    }

    /// Sends the form of the page to its own address, with its `state`.
    pub(super) async fn submit(&mut self, fields: &[(&str, &str)]) {
        let (_, state) = self.html.split_once("name=\"state\" value=\"").unwrap();
        let state = state.split_once('"').unwrap().0.to_owned();
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("state", &state).extend_pairs(fields);
        self.travel(self.url.clone(), Some(body.finish())).await;
    }

    /// The text of the page's heading.
    pub(super) fn heading(&self) -> &str {
        let (_, rest) = self.html.split_once("<h1").unwrap_or_else(|| panic!("no heading: {}", self.html));
        rest.split_once('>').unwrap().1.split_once("</h1>").unwrap().0.trim()
    }

    async fn travel(&mut self, mut url: Url, mut body: Option<String>) {
        for _ in 0..20 {
            let request = match body.take() {
                Some(body) => self
                    .http
                    .post(url.clone())
                    .header("content-type", "application/x-www-form-urlencoded")
                    .header(ORIGIN, url.origin().ascii_serialization())
                    .body(body),
                None => self.http.get(url.clone()),
            };
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let request = request.header(ACCEPT, "text/html").header(COOKIE, cookies.join("; "));
            let answer = request.send().await.unwrap();
            for cookie in answer.headers().get_all(SET_COOKIE) {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            if let Some(location) = answer.headers().get(LOCATION) {
                url = url.join(location.to_str().unwrap()).unwrap();
                continue;
            }
            self.status = answer.status();
            self.html = answer.text().await.unwrap();
            self.url = url;
            return;
        }
        panic!("redirects without end, at {url}");
    }
}
