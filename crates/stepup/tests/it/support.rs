//! What tests need: a clock that stands still, a tenant that answers from a script, and readable cookies.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use stepup::{Client, ClientBuilder, Clock, HttpClient, HttpError, Random};
use stepup_protocol::time::UnixTime;
use stepup_seal::jws::SigningKey;

pub(crate) const NOW: i64 = 1_767_225_600;
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(crate) const ISSUER: &str = "https://tenant.example.auth0.com/";

/// A clock that stands until it is moved. Clones are the same clock.
#[derive(Clone, Debug)]
pub(crate) struct Hands(Arc<AtomicI64>, Arc<Mutex<Vec<u64>>>);

impl Hands {
    pub(crate) fn at(seconds: i64) -> Self {
        Self(Arc::new(AtomicI64::new(seconds)), Arc::default())
    }

    pub(crate) fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    /// How many seconds have been waited, each time.
    pub(crate) fn waits(&self) -> Vec<u64> {
        self.1.lock().unwrap().clone()
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_secs()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.0.load(Ordering::SeqCst))
    }

    /// Time flies.
    fn wait(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.1.lock().unwrap().push(duration.as_secs());
        self.advance(duration);
        Box::pin(std::future::ready(()))
    }
}

/// Different bytes each time, the same ones each run.
#[derive(Debug, Default)]
pub(crate) struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, destination: &mut [u8]) {
        for chunk in destination.chunks_mut(8) {
            let next =
                self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }
}

/// What the script's token endpoint does.
pub(crate) enum Answer {
    Json(u16, Value),
    Text(u16, String),
    /// JSON with a `Retry-After` header.
    RetryAfter(u16, Value, String),
    /// JSON with a `DPoP-Nonce` header.
    Nonce(u16, Value, &'static str),
    Unreachable,
    Never,
}

/// A tenant that answers from a script: discovery and keys always, the rest in order.
#[derive(Clone)]
pub(crate) struct Script(Arc<Inner>);

struct Inner {
    key: SigningKey,
    discovery: Mutex<Value>,
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<Recorded>>,
    fetches: Mutex<Vec<String>>,
    /// How many more fetches of the documents succeed.
    documents: AtomicI64,
    /// Held by a test that wants discovery and keys to wait.
    documents_gate: tokio::sync::RwLock<()>,
    /// Held by a test that wants the other answers to wait.
    pub(crate) gate: tokio::sync::RwLock<()>,
}

/// A request that was not for discovery or keys.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Recorded {
    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Script")
    }
}

impl Script {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            key: SigningKey::generate_p256().unwrap(),
            discovery: Mutex::new(json!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}authorize"),
                "token_endpoint": format!("{ISSUER}oauth/token"),
                "jwks_uri": format!("{ISSUER}.well-known/jwks.json"),
                "revocation_endpoint": format!("{ISSUER}oauth/revoke"),
                "end_session_endpoint": format!("{ISSUER}oidc/logout"),
                "id_token_signing_alg_values_supported": ["HS256", "RS256", "ES256"],
            })),
            answers: Mutex::default(),
            requests: Mutex::default(),
            fetches: Mutex::default(),
            documents: AtomicI64::new(i64::MAX),
            documents_gate: tokio::sync::RwLock::new(()),
            gate: tokio::sync::RwLock::new(()),
        }))
    }

    pub(crate) fn discovery(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.0.discovery.lock().unwrap());
    }

    pub(crate) fn answer(&self, answer: Answer) {
        self.0.answers.lock().unwrap().push_back(answer);
    }

    /// From now on this many fetches of discovery and keys succeed.
    pub(crate) fn documents(&self, more: i64) {
        self.0.documents.store(more, Ordering::SeqCst);
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.0.requests.lock().unwrap().clone()
    }

    /// How often a document whose address ends so was asked for.
    pub(crate) fn fetches(&self, of: &str) -> usize {
        self.0.fetches.lock().unwrap().iter().filter(|url| url.ends_with(of)).count()
    }

    pub(crate) fn documents_gate(&self) -> &tokio::sync::RwLock<()> {
        &self.0.documents_gate
    }

    pub(crate) fn gate(&self) -> &tokio::sync::RwLock<()> {
        &self.0.gate
    }

    /// An ID token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.0.key.sign("JWT", Some("k1"), claims).unwrap()
    }

    async fn respond(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let url = request.uri().to_string();
        if url.contains("/.well-known/") {
            self.0.fetches.lock().unwrap().push(url.clone());
            let _open = self.0.documents_gate.read().await;
            if self.0.documents.fetch_sub(1, Ordering::SeqCst) <= 0 {
                return Ok(response(503, Bytes::from_static(b"down")));
            }
            let document = if url.ends_with("jwks.json") {
                let mut jwk = self.0.key.public_jwk().unwrap();
                jwk.kid = Some("k1".to_owned());
                json!({ "keys": [jwk] })
            } else {
                self.0.discovery.lock().unwrap().clone()
            };
            return Ok(response(200, document.to_string().into()));
        }
        let recorded = Recorded {
            method: request.method().to_string(),
            url,
            headers: request.headers().clone(),
            body: String::from_utf8(request.body().to_vec()).unwrap(),
        };
        self.0.requests.lock().unwrap().push(recorded);
        let _open = self.0.gate.read().await;
        let answer = self.0.answers.lock().unwrap().pop_front();
        match answer.expect("an answer in the script") {
            Answer::Json(status, body) => Ok(response(status, body.to_string().into())),
            Answer::Text(status, body) => Ok(response(status, body.into())),
            Answer::RetryAfter(status, body, wait) => {
                let mut later = response(status, body.to_string().into());
                later.headers_mut().insert(header::RETRY_AFTER, wait.parse().unwrap());
                Ok(later)
            }
            Answer::Nonce(status, body, nonce) => {
                let mut answer = response(status, body.to_string().into());
                answer.headers_mut().insert("dpop-nonce", HeaderValue::from_static(nonce));
                Ok(answer)
            }
            Answer::Unreachable => Err(HttpError::Connection("refused".into())),
            Answer::Never => std::future::pending().await,
        }
    }
}

fn response(status: u16, body: Bytes) -> Response<Bytes> {
    Response::builder().status(status).body(body).unwrap()
}

impl HttpClient for Script {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        Box::pin(self.respond(request))
    }
}

/// A client of that tenant at that time.
pub(crate) fn builder(script: &Script, clock: &Hands) -> ClientBuilder {
    Client::builder()
        .domain("tenant.example.auth0.com")
        .client_id("client-1")
        .client_secret("client-secret-1")
        .app_base_url("https://app.example.com")
        .clock(clock.clone())
        .random(Counting::default())
        .http_client(script.clone())
}

/// Headers with one `Cookie` line.
pub(crate) fn cookies(line: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, HeaderValue::from_str(line).unwrap());
    headers
}

/// A GET of the application, with these cookies.
pub(crate) fn get(path: &str, cookie_line: &str) -> Request<Bytes> {
    let mut request = Request::get(path).header("host", "app.example.com");
    if !cookie_line.is_empty() {
        request = request.header(header::COOKIE, cookie_line);
    }
    request.body(Bytes::new()).unwrap()
}

pub(crate) async fn handle(client: &Client, request: Request<Bytes>) -> Response<Bytes> {
    let route = client.route(request.method(), request.uri().path()).expect("one of the routes");
    whole(client.handle(route, request).await).await
}

/// The answer with all of its body.
pub(crate) async fn whole(response: Response<stepup::Body>) -> Response<Bytes> {
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

pub(crate) fn json_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

/// The cookies that a response sets: name, value, attributes.
pub(crate) fn set_cookies(headers: &HeaderMap) -> Vec<SetCookie> {
    headers.get_all(header::SET_COOKIE).iter().map(SetCookie::read).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetCookie {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) attributes: Vec<String>,
}

impl SetCookie {
    pub(crate) fn read(header: &HeaderValue) -> Self {
        let text = header.to_str().unwrap();
        let mut parts = text.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
            attributes: parts.map(str::to_owned).collect(),
        }
    }
}

/// A browser's jar: what one response set goes along with the next request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar(BTreeMap<String, String>);

impl Jar {
    /// A jar with what is in that line of cookies.
    pub(crate) fn of(line: &str) -> Self {
        let pairs = line.split("; ").filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    pub(crate) fn take(&mut self, headers: &HeaderMap) {
        for cookie in set_cookies(headers) {
            if cookie.attributes.contains(&"Max-Age=0".to_owned()) {
                self.0.remove(&cookie.name);
            } else {
                self.0.insert(cookie.name, cookie.value);
            }
        }
    }

    /// What another browser of the same user holds.
    pub(crate) fn take_line(&mut self, line: &str) {
        let pairs = line.split("; ").filter_map(|pair| pair.split_once('='));
        self.0.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    /// Without the cookies that are not for the page at hand.
    pub(crate) fn retain(&mut self, is_for_it: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| is_for_it(name));
    }

    pub(crate) fn line(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

pub(crate) fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
