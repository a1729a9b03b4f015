//! A bank with guarded routes, its tenant behind it on a virtual clock, and a browser.

#![expect(clippy::panic, reason = "what fails in a test fails the test")]

use std::collections::BTreeMap;

use axum::{
    Router,
    routing::{any, get},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use stepup::{Client, ClientBuilder, Clock, mfa::FactorType};
use stepup_axum::{Requirement, Session, SessionLayer, StepUp, SteppedUp, User};
use stepup_protocol::time::UnixTime;
use stepup_tenant::{Tenant, clock::VirtualClock};
use url::Url;

pub(crate) const API: &str = "https://api.example.com";
pub(crate) const SECRET: &str = "a secret of thirty-two bytes, or more";
const TOTP: &str = "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4";
const PASSWORD: &str = "correct horse battery staple";
/// Ada has an authenticator app, and so has Bob; Carol has a phone; Dora has both.
const USERS: &str = r#"[
  {"user_id":"ada","email":"ada@example.com","email_verified":true,"password":"correct horse battery staple",
   "mfa_factors":[{"totp":{"secret":"GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4"}}]},
  {"user_id":"bob","email":"bob@example.com","email_verified":true,"password":"correct horse battery staple",
   "mfa_factors":[{"totp":{"secret":"GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4"}}]},
  {"user_id":"carol","email":"carol@example.com","email_verified":true,"password":"correct horse battery staple",
   "mfa_factors":[{"phone":{"value":"+12025550123"}}]},
  {"user_id":"dora","email":"dora@example.com","email_verified":true,"password":"correct horse battery staple",
   "mfa_factors":[{"totp":{"secret":"GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4"}},{"phone":{"value":"+12025550124"}}]}
]"#;

#[derive(Debug)]
struct TenantTime(VirtualClock);

impl Clock for TenantTime {
    fn now(&self) -> UnixTime {
        self.0.now()
    }
}

pub(crate) struct Bank {
    pub(crate) tenant: Tenant,
    pub(crate) url: String,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(crate) fn seconds(seconds: u64) -> std::time::Duration {
    std::time::Duration::from_secs(seconds)
}

/// The guard of the API's transfers, as a type.
struct Transfer;

impl Requirement for Transfer {
    fn step_up() -> StepUp {
        StepUp::new().audience(API).scope("transfer:funds").within(seconds(300))
    }
}

struct Strict;

impl Requirement for Strict {
    fn step_up() -> StepUp {
        StepUp::new().within(seconds(300))
    }
}

/// What a guarded handler says: who, with which token, and what was sent.
async fn done(method: Method, stepped_up: SteppedUp, body: String) -> String {
    let token = stepped_up.access_token.as_ref().and_then(|token| token.scope().map(ToString::to_string));
    format!("{method} {} {} {body}", stepped_up.session.subject(), token.unwrap_or_default())
}

/// Keeps what is posted, and says what is kept and since when there is a session.
async fn basket(mut session: Session, posted: String) -> String {
    if !posted.is_empty() {
        session.set_data("basket", json!(posted));
    }
    let kept = session.data("basket").and_then(Value::as_str).unwrap_or_default();
    format!("{kept} {}", session.created_at().seconds())
}

fn routes() -> Router {
    let guarded = |path: &str, guard: StepUp| Router::new().route(path, any(done)).route_layer(guard);
    let transfer = || StepUp::new().audience(API).scope("transfer:funds");
    Router::new()
        .route("/", get(async |user: User| user.subject().to_owned()))
        .route("/basket", any(basket))
        .merge(guarded("/account", StepUp::new().within(seconds(300))))
        .merge(guarded("/letters", StepUp::new().within(seconds(300))))
        .merge(guarded("/ever", StepUp::new()))
        .merge(guarded("/once", StepUp::new().within(seconds(0))))
        .merge(guarded("/app", StepUp::new().factor(FactorType::Otp)))
        .merge(guarded("/phone", StepUp::new().factor(FactorType::Phone)))
        .merge(guarded("/transfer", transfer().within(seconds(300))))
        .merge(guarded("/transfer-ever", transfer()))
        .merge(guarded("/transfer-once", transfer().within(seconds(0))))
        .merge(guarded("/transfer-app", transfer().factor(FactorType::Otp)))
        .merge(guarded("/transfer-phone", transfer().factor(FactorType::Phone)))
        .merge(guarded(
            "/transfer-rfc",
            transfer()
                .within(seconds(300))
                .api_answer(stepup::guard::ApiAnswer::InsufficientUserAuthentication)
                .step_up_url("/confirm"),
        ))
        .merge(guarded(
            "/transfer-login",
            transfer().api_answer(stepup::guard::ApiAnswer::InsufficientUserAuthentication),
        ))
        .route("/transfer-type", any(async |up: SteppedUp<Transfer>| up.access_token.is_some().to_string()))
        .route("/strict", any(async |up: SteppedUp<Strict>| up.session.subject().to_owned()))
        .route("/bare", get(async |up: SteppedUp| up.session.subject().to_owned()))
}

impl Bank {
    pub(crate) async fn open() -> Self {
        Self::with(Tenant::builder().start_with_users().await, |client| client, |routes| routes).await
    }

    pub(crate) async fn with(
        tenant: Tenant,
        configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
        build: impl FnOnce(Router) -> Router,
    ) -> Self {
        Self::serve(tenant, "", configure, build).await
    }

    /// Behind something that hands on what comes to `path`, and takes that off.
    pub(crate) async fn below(path: &str) -> Self {
        Self::serve(Tenant::builder().start_with_users().await, path, |client| client, |routes| routes).await
    }

    async fn serve(
        tenant: Tenant,
        below: &str,
        configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
        build: impl FnOnce(Router) -> Router,
    ) -> Self {
        let app = |tenant: &Tenant, url: &str| {
            let webapp = tenant.client("webapp").unwrap();
            let client = Client::builder()
                .domain(tenant.issuer())
                .client_id(webapp.client_id)
                .client_secret(webapp.client_secret.unwrap())
                .secret(SECRET)
                .app_base_url(format!("{url}{below}"))
                .clock(TenantTime(tenant.clock().clone()));
            let app = build(routes()).layer(SessionLayer::new(configure(client).build().unwrap()));
            if below.is_empty() { app } else { Router::new().nest_service(below, app) }
        };
        Self::of(tenant, app).await
    }

    /// Another application than this bank's, for the tenant and at an address.
    pub(crate) async fn of(tenant: Tenant, app: impl FnOnce(&Tenant, &str) -> Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app = app(&tenant, &url);
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { tenant, url, server }
    }

    pub(crate) fn browser(&self) -> Browser {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Browser { http, application: self.url.clone(), cookies: BTreeMap::new() }
    }

    /// A browser in which Ada is logged in, by password alone.
    pub(crate) async fn logged_in(&self) -> Browser {
        let mut browser = self.browser();
        let page = browser.open("/auth/login").await;
        let home = browser.log_in(&page, "ada").await;
        assert_eq!((home.status, home.path()), (StatusCode::OK, "/"), "{home:?}");
        browser
    }

    pub(crate) fn pass(&self, time: u64) {
        self.tenant.clock().advance(seconds(time));
    }

    /// A code that was not used before.
    pub(crate) fn code(&self) -> String {
        self.pass(30);
        self.tenant.totp(TOTP).unwrap()
    }

    /// What the last authorization request said.
    pub(crate) fn authorization(&self) -> BTreeMap<String, String> {
        let requests = self.tenant.requests();
        let mut queries = requests.iter().filter_map(|exchange| exchange.path.strip_prefix("/authorize?"));
        let query = queries.next_back().unwrap();
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    pub(crate) fn token_requests(&self) -> usize {
        self.tenant.requests().iter().filter(|exchange| exchange.path == "/oauth/token").count()
    }
}

pub(crate) trait WithUsers {
    async fn start_with_users(self) -> Tenant;
}

impl WithUsers for stepup_tenant::Builder {
    async fn start_with_users(self) -> Tenant {
        self.users_json(USERS).start().await.unwrap()
    }
}

/// A browser: one jar for `localhost`, whatever the port.
#[derive(Clone)]
pub(crate) struct Browser {
    http: reqwest::Client,
    application: String,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// What it shows.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    path: String,
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

/// What a script gets.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Page {
    /// The path, with `ID` for that of a detour.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

impl Browser {
    async fn send(&mut self, request: reqwest::RequestBuilder) -> reqwest::Response {
        let line: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(header::COOKIE, line.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            match rest.split(';').next().unwrap() {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// Navigates to `address`, through redirects, to a page.
    pub(crate) async fn open(&mut self, address: &str) -> Page {
        let url = Url::parse(&self.application).unwrap().join(address).unwrap();
        self.navigate(url, None, None).await
    }

    /// Follows a link of the page `from`, the bank's or another site's.
    pub(crate) async fn follow(&mut self, from: &str, to: &str) -> Page {
        let base = Url::parse(&self.application).unwrap();
        self.navigate(base.join(to).unwrap(), None, Some(base.join(from).unwrap())).await
    }

    /// Sends a form of the bank's page `from`.
    pub(crate) async fn post(&mut self, from: &str, to: &str, form: &str) -> Page {
        let base = Url::parse(&self.application).unwrap();
        self.navigate(base.join(to).unwrap(), Some(form.to_owned()), Some(base.join(from).unwrap())).await
    }

    /// Sends the form on `page`, its hidden fields and `fields`.
    pub(crate) async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let form = page.body.split("<form ").nth(1).unwrap_or_else(|| panic!("no form on {page:?}"));
        let form = form.split("</form>").next().unwrap();
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for input in form.split("<input ").skip(1) {
            if attribute(input, "type").as_deref() == Some("hidden") {
                body.append_pair(&attribute(input, "name").unwrap(), &attribute(input, "value").unwrap());
            }
        }
        body.extend_pairs(fields);
        let action = page.url.join(&attribute(form, "action").unwrap()).unwrap();
        self.navigate(action, Some(body.finish()), Some(page.url.clone())).await
    }

    async fn navigate(&mut self, mut url: Url, mut form: Option<String>, from: Option<Url>) -> Page {
        for _ in 0..20 {
            let request = match (form.take(), &from) {
                (Some(body), Some(from)) => self
                    .http
                    .post(url.clone())
                    .headers(content_type(&body))
                    .header(header::ORIGIN, from.origin().ascii_serialization())
                    .header("sec-fetch-site", "same-origin")
                    .body(body),
                _ => self.http.get(url.clone()),
            };
            let mut request =
                request.header(header::ACCEPT, "text/html").header("sec-fetch-mode", "navigate");
            // Through redirects too; to another site it is the origin alone.
            if let Some(from) = &from {
                let same_origin = from.origin() == url.origin();
                let origin = || from.origin().ascii_serialization();
                let told = if same_origin { from.as_str().to_owned() } else { origin() };
                request = request.header(header::REFERER, told);
            }
            let answer = self.send(request).await;
            match answer.headers().get(header::LOCATION) {
                Some(location) => url = url.join(location.to_str().unwrap()).unwrap(),
                None => {
                    let path = without_id(url.path());
                    return Page { url, path, status: answer.status(), body: answer.text().await.unwrap() };
                }
            }
        }
        panic!("redirected for ever, last to {url}");
    }

    /// Gives a name and the password on the tenant's page.
    pub(crate) async fn log_in(&mut self, page: &Page, name: &str) -> Page {
        assert_eq!(page.path(), "/u/login", "{page:?}");
        let username = format!("{name}@example.com");
        let fields = [("username", &*username), ("password", PASSWORD), ("action", "default")];
        self.submit(page, &fields).await
    }

    /// Logs in anew with password and code, as a guard asks for it: where it leads.
    pub(crate) async fn prove(&mut self, bank: &Bank, page: &Page) -> Page {
        let challenge = self.log_in(page, "ada").await;
        assert_eq!(challenge.path(), "/u/mfa-otp-challenge", "{challenge:?}");
        let code = bank.code();
        self.submit(&challenge, &[("code", &code)]).await
    }

    /// Looks ahead to a page.
    pub(crate) async fn prefetch(&mut self, path: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.application));
        let request = request.header(header::ACCEPT, "text/html").header("sec-fetch-mode", "navigate");
        self.answer(request.header("sec-purpose", "prefetch")).await
    }

    /// A call of a script.
    pub(crate) async fn fetch(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.call(method, path, body, None).await
    }

    /// The same with an `mfa_token`.
    pub(crate) async fn call(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
        token: Option<&str>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.application));
        request = request
            .header(header::ACCEPT, "application/json")
            .header(header::ORIGIN, &self.application)
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", "cors");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.answer(request).await
    }

    async fn answer(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let answer = self.send(request).await;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// Proves a second factor through the routes: what was answered.
    pub(crate) async fn verify(&mut self, due: &Answer, proof: Value) -> Answer {
        assert_eq!(due.status, StatusCode::FORBIDDEN, "{due:?}");
        let token = due.body["mfa_token"].as_str().unwrap_or_else(|| panic!("no token in {due:?}"));
        self.call(Method::POST, "/auth/mfa/verify", Some(proof), Some(token)).await
    }
}

fn without_id(path: &str) -> String {
    let Some((pages, detour)) = path.split_once("/d/") else { return path.to_owned() };
    let page = detour.split_once('/').map(|(_, page)| format!("/{page}")).unwrap_or_default();
    format!("{pages}/d/ID{page}")
}

/// What has no body says no type.
fn content_type(body: &str) -> HeaderMap {
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    (!body.is_empty()).then_some((header::CONTENT_TYPE, form)).into_iter().collect()
}

pub(crate) fn attribute(html: &str, name: &str) -> Option<String> {
    let (value, _) = html.split_once(&format!("{name}=\""))?.1.split_once('"')?;
    let replaced = value.replace("&#34;", "\"").replace("&quot;", "\"").replace("&#60;", "<");
    Some(replaced.replace("&#38;", "&").replace("&amp;", "&"))
}
