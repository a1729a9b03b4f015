//! A login and what follows, through real HTTP against the tenant, on its clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, header};
use serde_json::{Value, json};
use stepup::{Client, ClientBuilder, Clock, Format, HttpClient, HttpError, ReqwestClient};
use stepup_protocol::time::UnixTime;
use stepup_tenant::{Fault, Tenant, clock::VirtualClock};
use url::Url;

use crate::support::{Jar, SECRET, get, handle, json_of};

const APP: &str = "http://localhost:3000";

#[derive(Clone, Debug)]
struct TenantTime(VirtualClock);

impl Clock for TenantTime {
    fn now(&self) -> UnixTime {
        self.0.now()
    }
}

/// The way to the tenant, counting the token requests that set out.
#[derive(Clone, Debug)]
struct Counted {
    inner: ReqwestClient,
    started: Arc<AtomicUsize>,
}

impl HttpClient for Counted {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        if request.uri().path() == "/oauth/token" {
            self.started.fetch_add(1, Ordering::SeqCst);
        }
        self.inner.send(request)
    }
}

/// A tenant, an application's client of it, and one browser.
struct Visit {
    tenant: Tenant,
    client: Client,
    http: Counted,
    at_app: Jar,
    at_tenant: Jar,
}

impl Visit {
    async fn begin() -> Self {
        Self::begin_with(|client| client).await
    }

    async fn begin_with(set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let tenant = Tenant::builder().start().await.unwrap();
        let http = Counted { inner: ReqwestClient::new().unwrap(), started: Arc::default() };
        let client = client(&tenant, &http, set_up);
        Self { tenant, client, http, at_app: Jar::default(), at_tenant: Jar::default() }
    }

    /// Another client of the same tenant.
    fn client_with(&self, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        client(&self.tenant, &self.http, set_up)
    }

    /// A request of the browser to the application's routes.
    async fn app(&mut self, path: &str) -> Response<Bytes> {
        let response = handle(&self.client, get(path, &self.at_app.line())).await;
        self.at_app.take(response.headers());
        response
    }

    /// Follows the tenant's redirects from `address`: to a page, or back to the application.
    async fn tenant(&mut self, mut address: Url, mut form: Option<String>) -> Url {
        for _ in 0..10 {
            let request =
                Request::builder().uri(address.as_str()).header(header::COOKIE, self.at_tenant.line());
            let request = match form.take() {
                Some(form) => request
                    .method("POST")
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .header(header::ORIGIN, address.origin().ascii_serialization())
                    .body(Bytes::from(form)),
                None => request.body(Bytes::new()),
            };
            let response = self.http.inner.send(request.unwrap()).await.unwrap();
            self.at_tenant.take(response.headers());
            let Some(location) = response.headers().get(header::LOCATION) else {
                assert_eq!(response.status(), 200, "{address}: {:?}", response.body());
                return address;
            };
            address = address.join(location.to_str().unwrap()).unwrap();
            if address.as_str().starts_with(APP) {
                return address;
            }
        }
        panic!("redirects without end, at {address}");
    }

    /// Logs Ada in, and returns where she ends up.
    async fn log_in(&mut self, path: &str) -> String {
        let away = location(&self.app(path).await);
        let page = self.tenant(away, None).await;
        assert_eq!(page.path(), "/u/login");
        let state = page.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("state", &state)
            .append_pair("username", "ada@example.com")
            .append_pair("password", "correct horse battery staple")
            .append_pair("action", "default")
            .finish();
        let back = self.tenant(page, Some(form)).await;
        let response = self.app(&back[url::Position::BeforePath..]).await;
        assert_eq!(response.status(), 307, "{:?}", response.body());
        location(&response).to_string()
    }

    async fn access_token(&mut self) -> (u16, Value) {
        let response = self.app("/auth/access-token").await;
        (response.status().as_u16(), json_of(&response))
    }

    fn token_requests(&self) -> usize {
        self.tenant.requests().iter().filter(|exchange| exchange.path == "/oauth/token").count()
    }

    fn pass(&self, seconds: u64) {
        self.tenant.clock().advance(Duration::from_secs(seconds));
    }
}

fn client(tenant: &Tenant, http: &Counted, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
    let webapp = tenant.client("webapp").unwrap();
    let client = Client::builder()
        .domain(tenant.issuer())
        .client_id(webapp.client_id)
        .client_secret(webapp.client_secret.unwrap())
        .secret(SECRET)
        .app_base_url(APP)
        .http_client(http.clone())
        .clock(TenantTime(tenant.clock().clone()));
    set_up(client).build().unwrap()
}

fn location(response: &Response<Bytes>) -> Url {
    Url::parse(response.headers()[header::LOCATION].to_str().unwrap()).unwrap()
}

/// Longer than an access token lasts, within the session.
const A_DAY: u64 = 86_400;

fn long_session(client: ClientBuilder) -> ClientBuilder {
    client
        .inactivity_duration(Duration::from_secs(10 * A_DAY))
        .absolute_duration(Duration::from_secs(30 * A_DAY))
}

#[tokio::test]
async fn from_login_to_logout() {
    let mut visit = Visit::begin_with(long_session).await;
    assert_eq!(visit.app("/auth/profile").await.status(), 401);
    assert_eq!(visit.log_in("/auth/login?returnTo=/balance%3Fall%3D1").await, format!("{APP}/balance?all=1"));
    assert_eq!(visit.at_app.names(), ["__session"]);

    let profile = json_of(&visit.app("/auth/profile").await);
    assert_eq!(profile["email"], "ada@example.com");
    assert!(profile.get("nonce").is_none() && profile.get("iss").is_none(), "{profile}");

    let (status, first) = visit.access_token().await;
    assert_eq!((status, &first["token_type"]), (200, &json!("Bearer")), "{first}");
    assert_eq!(visit.token_requests(), 1, "the login's own token serves");
    assert_eq!(visit.access_token().await.1["token"], first["token"]);

    visit.pass(A_DAY + 1);
    let (status, second) = visit.access_token().await;
    assert_eq!(status, 200, "{second}");
    assert_ne!(second["token"], first["token"]);
    assert_eq!(visit.token_requests(), 2);
    visit.pass(A_DAY + 1);
    assert_eq!(visit.access_token().await.0, 200, "the rotated refresh token was kept");

    let before = visit.at_app.clone();
    let away = location(&visit.app("/auth/logout").await);
    assert_eq!(visit.at_app.line(), "");
    let back = visit.tenant(away, None).await;
    assert_eq!(back.as_str(), format!("{APP}/"));
    let page = location(&visit.app("/auth/login").await);
    assert_eq!(visit.tenant(page, None).await.path(), "/u/login", "the tenant's session has ended too");

    visit.at_app = before;
    visit.pass(A_DAY + 1);
    let (status, error) = visit.access_token().await;
    assert_eq!((status, &error["error"]["code"]), (401, &json!("failed_to_refresh_token")), "it was revoked");
    assert_eq!(error["login_required"], true);
}

#[tokio::test]
async fn whoever_is_logged_in_with_a_peer_moves_over_and_logs_out() {
    for (peer, cookie) in [(Format::NextjsAuth0, "__session"), (Format::Auth0ServerPython, "_a0_session_0")] {
        let mut visit = Visit::begin_with(|client| client.format(peer)).await;
        visit.log_in("/auth/login").await;
        assert_eq!(visit.at_app.names(), [cookie]);

        visit.client = visit.client_with(|client| client.also_read(peer));
        let profile = json_of(&visit.app("/auth/profile").await);
        assert_eq!(profile["email"], "ada@example.com", "{peer:?}");
        let (status, token) = visit.access_token().await;
        assert_eq!(status, 200, "{peer:?}: {token}");
        let strict = visit.client_with(|client| client);
        let session = strict.open_session(get("/", &visit.at_app.line()).headers());
        assert_eq!(
            session.session().unwrap().claim("email"),
            Some(&json!("ada@example.com")),
            "{peer:?}: in our form"
        );

        visit.app("/auth/logout").await;
        assert_eq!(visit.at_app.line(), "", "{peer:?}");
        assert_eq!(visit.app("/auth/profile").await.status(), 401, "{peer:?}");
    }
}

#[tokio::test]
async fn a_tenant_that_fails_costs_no_session() {
    let patient = |client| long_session(client).rolling(false).http_timeout(Duration::from_millis(300));
    let mut visit = Visit::begin_with(patient).await;
    visit.log_in("/auth/login").await;
    visit.pass(A_DAY + 1);
    let session = visit.at_app.line();
    let faults = [
        Fault { status: Some(503), ..Fault::on("POST", "/oauth/token") },
        Fault { status: Some(200), body: Some(json!("<html>")), ..Fault::on("POST", "/oauth/token") },
        Fault { status: Some(200), body: Some(json!({ "token": 1 })), ..Fault::on("POST", "/oauth/token") },
        Fault { status: Some(302), ..Fault::on("POST", "/oauth/token") },
        Fault { drop: true, ..Fault::on("POST", "/oauth/token") },
        Fault { delay_ms: 2_000, status: Some(503), ..Fault::on("POST", "/oauth/token") },
    ];
    for fault in faults {
        visit.tenant.fail_next(fault.clone());
        let (status, error) = visit.access_token().await;
        assert_eq!((status, &error["error"]["code"]), (401, &json!("failed_to_refresh_token")), "{fault:?}");
        assert_eq!(error.get("login_required"), None, "{fault:?}");
        assert_eq!(visit.at_app.line(), session, "{fault:?}: as it was");
    }
    assert_eq!(visit.access_token().await.0, 200);
}

#[tokio::test]
async fn two_hundred_requests_make_one_refresh() {
    let mut visit = Visit::begin_with(long_session).await;
    visit.log_in("/auth/login").await;
    visit.pass(A_DAY + 1);
    let line = visit.at_app.line();
    let all = (0..200).map(|_| {
        let (client, request) = (visit.client.clone(), get("/auth/access-token", &line));
        tokio::spawn(async move { handle(&client, request).await })
    });
    let mut tokens: Vec<String> = Vec::new();
    for response in futures_util::future::join_all(all).await {
        let response = response.unwrap();
        assert_eq!(response.status(), 200, "{:?}", response.body());
        tokens.push(json_of(&response)["token"].as_str().unwrap().to_owned());
        visit.at_app.take(response.headers());
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "everybody has the same token");
    assert_eq!(visit.token_requests(), 2, "the login's, and one refresh");
    visit.pass(A_DAY + 1);
    assert_eq!(visit.access_token().await.0, 200, "the last cookie holds the rotated refresh token");
}

#[tokio::test]
async fn a_browser_that_goes_away_loses_nothing() {
    let mut visit = Visit::begin_with(long_session).await;
    visit.log_in("/auth/login").await;
    visit.pass(A_DAY + 1);
    visit.tenant.fail_next(Fault { delay_ms: 50, ..Fault::on("POST", "/oauth/token") });
    let (client, request) = (visit.client.clone(), get("/auth/access-token", &visit.at_app.line()));
    let call = tokio::spawn(async move { handle(&client, request).await });
    while visit.http.started.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());

    assert_eq!(visit.access_token().await.0, 200, "with the old cookie");
    assert_eq!(visit.http.started.load(Ordering::SeqCst), 2);
    visit.pass(A_DAY + 1);
    assert_eq!(visit.access_token().await.0, 200);
}

#[tokio::test]
async fn a_user_who_refuses_and_a_login_that_takes_too_long_are_told_apart() {
    let mut visit = Visit::begin().await;
    let away = location(&visit.app("/auth/login?prompt=none").await);
    let back = visit.tenant(away, None).await;
    let response = visit.app(&back[url::Position::BeforePath..]).await;
    assert_eq!(response.status(), 400);
    assert_eq!(response.body(), "An error occurred during the authorization flow.");

    let away = location(&visit.app("/auth/login").await);
    visit.tenant(away, None).await;
    visit.pass(3601);
    let late = visit.app("/auth/callback?code=late&state=gone").await;
    assert_eq!((late.status().as_u16(), &late.body()[..]), (400, &b"The state parameter is invalid."[..]));
}

#[tokio::test]
async fn a_pop_up_brings_a_token_into_the_session() {
    let mut visit = Visit::begin().await;
    visit.log_in("/auth/login").await;
    let path = "audience=https://api.example.com&scope=openid+transfer:funds";
    let away =
        location(&visit.app(&format!("/auth/login?challengeMode=popup&transactionId=t1&{path}")).await);
    let back = visit.tenant(away, None).await;
    let page = visit.app(&back[url::Position::BeforePath..]).await;
    assert_eq!(page.status(), 200);
    let text = std::str::from_utf8(page.body()).unwrap();
    assert!(text.contains(r#"{"type":"auth_complete","success":true,"#), "{text}");
    assert!(text.contains(r#""email":"ada@example.com"},"transactionId":"t1"}"#), "{text}");
    assert!(visit.at_app.names().iter().all(|name| name.starts_with("__session")), "the login is forgotten");

    let token = visit.app(&format!("/auth/access-token?mergeScopes=false&{path}")).await;
    assert_eq!(token.status(), 200);
    assert!(json_of(&token)["scope"].as_str().unwrap().contains("transfer:funds"));
    assert_eq!(visit.token_requests(), 2, "two codes, and no refresh");
}

#[tokio::test]
async fn a_pop_up_that_merges_scopes_leaves_what_the_plain_look_up_finds() {
    let mut visit = Visit::begin().await;
    visit.log_in("/auth/login").await;
    let path = "audience=https://api.example.com&scope=openid+transfer:funds";
    let away =
        location(&visit.app(&format!("/auth/login?challengeMode=popup&mergeScopes=true&{path}")).await);
    assert!(away.query_pairs().all(|(name, _)| name != "mergeScopes"), "{away}");
    let back = visit.tenant(away, None).await;
    visit.app(&back[url::Position::BeforePath..]).await;
    let token = visit.app(&format!("/auth/access-token?{path}")).await;
    assert_eq!(token.status(), 200, "{:?}", token.body());
    assert!(json_of(&token)["scope"].as_str().unwrap().contains("transfer:funds"));
    assert_eq!(visit.token_requests(), 2, "two codes, and no refresh");
}

#[tokio::test]
async fn a_session_rolls_and_ends() {
    let mut visit = Visit::begin().await;
    visit.log_in("/auth/login").await;
    for _ in 0..2 {
        visit.pass(A_DAY - 60);
        assert_eq!(visit.app("/auth/profile").await.status(), 200, "used within a day");
    }
    visit.pass(A_DAY);
    assert_eq!(visit.app("/auth/profile").await.status(), 401, "not used for a day");
}
