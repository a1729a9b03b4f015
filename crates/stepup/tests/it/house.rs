//! A tenant in this process, a client of it, and a browser that logs in.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, header};
use stepup::{
    AccessTokenError, AccessTokenRequest, Client, ClientBuilder, Clock, SessionState,
    mfa::{Enroll, MfaRequired, MfaToken, Verify},
};
use stepup_protocol::time::UnixTime;
use stepup_tenant::{Tenant, clock::VirtualClock};
use url::Url;

use crate::support::{Jar, NOW, SECRET, cookies};

pub(crate) const API: &str = "https://api.example.com";
const APPLICATION: &str = "http://localhost:3000";

/// The tenant's clock, and how often somebody began to wait for it.
#[derive(Clone, Debug)]
pub(crate) struct TenantTime(VirtualClock, Arc<AtomicUsize>);

impl TenantTime {
    pub(crate) fn of(clock: &VirtualClock) -> Self {
        Self(clock.clone(), Arc::default())
    }
}

impl Clock for TenantTime {
    fn now(&self) -> UnixTime {
        self.0.now()
    }

    fn wait(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let reached = self.0.reaches(self.0.now() + duration);
        self.1.fetch_add(1, Ordering::SeqCst);
        Box::pin(reached)
    }
}

/// What Ada has after [`House::enroll_app`].
pub(crate) struct Enrolled {
    pub(crate) secret: String,
    pub(crate) recovery_code: String,
}

pub(crate) struct House {
    pub(crate) tenant: Tenant,
    pub(crate) client: Client,
    time: TenantTime,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(Tenant::builder().start().await.unwrap())
    }

    /// With a clock that stands until it is moved, so that times to wait are told to the second.
    pub(crate) async fn whose_clock_stands() -> Self {
        let clock = VirtualClock::frozen(UnixTime::from_seconds(NOW));
        Self::with(Tenant::builder().clock(clock).start().await.unwrap())
    }

    pub(crate) fn with(tenant: Tenant) -> Self {
        Self::built(tenant, |client| client)
    }

    /// With a client that is set up further.
    pub(crate) fn built(tenant: Tenant, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let webapp = tenant.client("webapp").unwrap();
        Self::of(tenant, |client| {
            set_up(client.client_id(webapp.client_id).client_secret(webapp.client_secret.unwrap()))
        })
    }

    /// With a client that says who it is in `set_up`.
    pub(crate) fn of(tenant: Tenant, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let time = TenantTime::of(tenant.clock());
        Self { client: Self::client_at(time.clone(), &tenant, set_up), tenant, time }
    }

    /// Another client of the same application.
    pub(crate) fn client(tenant: &Tenant, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        Self::client_at(TenantTime::of(tenant.clock()), tenant, set_up)
    }

    fn client_at(
        time: TenantTime,
        tenant: &Tenant,
        set_up: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Client {
        let client =
            Client::builder().domain(tenant.issuer()).secret(SECRET).app_base_url(APPLICATION).clock(time);
        set_up(client).build().unwrap()
    }

    /// Ada's session after [`House::log_in_with_cookies`].
    pub(crate) async fn log_in(&self) -> SessionState {
        self.open_session(&self.log_in_with_cookies().await)
    }

    /// The session in that line of cookies.
    pub(crate) fn open_session(&self, line: &str) -> SessionState {
        let state = self.client.open_session(&cookies(line));
        assert!(state.session().is_some(), "logged in");
        state
    }

    /// Logs Ada in: the SDK's login route, the tenant's page, the SDK's callback. Returns the application's cookies.
    pub(crate) async fn log_in_with_cookies(&self) -> String {
        let mut application = Jar::default();
        let tenant = self.visit(&format!("{APPLICATION}/auth/login"), &mut application).await;
        let back = self.through_the_tenant(tenant.as_str()).await;
        self.visit(&format!("{APPLICATION}{back}"), &mut application).await;
        application.line()
    }

    /// Ada's way through the tenant's pages in a new browser: the path of the application that they lead back to.
    pub(crate) async fn through_the_tenant(&self, address: &str) -> String {
        let mut tenant = Jar::default();
        let mut next = Url::parse(address).unwrap();
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut form = None;
        while !next.as_str().starts_with(APPLICATION) {
            let request = match form.take() {
                None => browser.get(next.clone()),
                Some(body) => browser
                    .post(next.clone())
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .header(header::ORIGIN, next.origin().ascii_serialization())
                    .body(body),
            };
            let answer = request.header(header::COOKIE, tenant.line()).send().await.unwrap();
            tenant.take(answer.headers());
            if let Some(location) = answer.headers().get(header::LOCATION) {
                next = next.join(location.to_str().unwrap()).unwrap();
            } else {
                let page = answer.text().await.unwrap();
                let (action, body) = filled_in(&page);
                (next, form) = (next.join(&action).unwrap(), Some(body));
            }
        }
        next[url::Position::BeforePath..].to_owned()
    }

    /// A request to a route of the SDK, and where its answer leads.
    async fn visit(&self, url: &str, jar: &mut Jar) -> Url {
        let url = Url::parse(url).unwrap();
        let path = &url[url::Position::BeforePath..];
        let request =
            Request::get(path).header(header::HOST, "localhost:3000").header(header::COOKIE, jar.line());
        let route = self.client.route(&http::Method::GET, url.path()).unwrap();
        let answer = self.client.handle(route, request.body(Bytes::new()).unwrap()).await;
        assert_eq!(answer.status(), 307, "{answer:?}");
        jar.take(answer.headers());
        url.join(answer.headers()[header::LOCATION].to_str().unwrap()).unwrap()
    }

    /// What Ada is told when she asks for the API.
    pub(crate) async fn due(&self, state: &mut SessionState) -> MfaRequired {
        self.due_for(state, &transfer()).await
    }

    pub(crate) async fn due_for(&self, state: &mut SessionState, wanted: &AccessTokenRequest) -> MfaRequired {
        match self.client.access_token(state.session_mut().unwrap(), wanted).await {
            Err(AccessTokenError::MfaRequired(due)) => due,
            other => panic!("{other:?} where a second factor was due"),
        }
    }

    /// A step-up under way: Ada logs in, in a new browser, and asks for the API.
    pub(crate) async fn step_up(&self) -> (SessionState, MfaToken) {
        let mut state = self.log_in().await;
        let token = self.due(&mut state).await.mfa_token.unwrap();
        (state, token)
    }

    /// Ada's first step-up, in a browser of its own: she enrols an app.
    pub(crate) async fn enroll_app(&self) -> Enrolled {
        self.enroll_app_in(&mut self.log_in().await).await
    }

    /// The same, in this session, which then holds the API's token.
    pub(crate) async fn enroll_app_in(&self, state: &mut SessionState) -> Enrolled {
        let token = self.due(state).await.mfa_token.unwrap();
        let app = self.client.mfa().enroll(&token, &Enroll::otp()).await.unwrap();
        let secret = app.secret.unwrap();
        let code = self.tenant.totp(&secret).unwrap();
        self.client.mfa().verify(state, &token, Verify::otp(code)).await.unwrap();
        Enrolled { secret, recovery_code: app.recovery_codes.unwrap().remove(0) }
    }

    /// A code of the app with that secret which was not used before.
    pub(crate) fn next_code(&self, secret: &str) -> String {
        self.tenant.clock().advance(Duration::from_secs(30));
        self.tenant.totp(secret).unwrap()
    }

    pub(crate) async fn token(&self, state: &mut SessionState, wanted: &AccessTokenRequest) -> String {
        self.client.access_token(state.session_mut().unwrap(), wanted).await.unwrap().token().to_owned()
    }

    /// How many requests the tenant's token endpoint has had.
    /// How often the client has begun to wait.
    pub(crate) fn waits(&self) -> usize {
        self.time.1.load(Ordering::SeqCst)
    }

    pub(crate) fn token_requests(&self) -> usize {
        self.tenant.requests().iter().filter(|exchange| exchange.path == "/oauth/token").count()
    }
}

pub(crate) fn transfer() -> AccessTokenRequest {
    AccessTokenRequest::new().audience(API).scope("transfer:funds")
}

/// The log-in page's form with Ada's name and password in it: its address and its body.
fn filled_in(page: &str) -> (String, String) {
    let form = page.split("<form ").nth(1).unwrap().split("</form>").next().unwrap();
    let mut body = form_urlencoded::Serializer::new(String::new());
    for input in form.split("<input ").skip(1).filter(|input| attribute(input, "type") == Some("hidden")) {
        body.append_pair(attribute(input, "name").unwrap(), &unescaped(attribute(input, "value").unwrap()));
    }
    body.append_pair("username", "ada@example.com").append_pair("password", "correct horse battery staple");
    body.append_pair("action", "default");
    (unescaped(attribute(form, "action").unwrap()), body.finish())
}

fn attribute<'h>(html: &'h str, name: &str) -> Option<&'h str> {
    html.split_once(&format!("{name}=\""))?.1.split_once('"').map(|(value, _)| value)
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&").replace("&#34;", "\"").replace("&quot;", "\"")
}
