//! What the fuzz targets share: a client whose tenant answers from memory, and requests that a browser could send.
//!
//! An input is text that people can read: a character or two that choose (`0`, `1`, … modulo how many there are), then
//! what is to be read. A sealed value cannot be guessed, so that the targets of cookies and tokens have two ways in: the
//! value as it comes, and a payload that is sealed first.

mod tenant;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};
use stepup::{Client, Clock};
pub use stepup_protocol::time::UnixTime;
use stepup_seal::{Format, Purpose, Random, Sealer, Secrets};

pub use tenant::{ISSUER, RAW_MFA_TOKEN, Tenant};

pub const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);
pub const HERE: &str = "https://app.example.com";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A clock that only waiting moves, and that flies then.
#[derive(Clone, Debug)]
struct Hands(Arc<AtomicI64>);

impl Clock for Hands {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.0.load(Ordering::Relaxed))
    }

    fn wait(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.0.fetch_add(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX).max(1), Ordering::Relaxed);
        Box::pin(std::future::ready(()))
    }
}

/// Different bytes each time, the same ones each run.
#[derive(Debug, Default)]
pub struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, destination: &mut [u8]) {
        for chunk in destination.chunks_mut(8) {
            let next =
                self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }
}

/// A client of its own: an input finds nothing of the one before.
pub fn client(format: Format, tenant: Tenant) -> Client {
    Client::builder()
        .domain("tenant.example.auth0.com")
        .client_id("client-1")
        .client_secret("client-secret-1")
        .secret(SECRET)
        .format(format)
        .app_base_url(HERE)
        .max_cookie_header(1 << 20)
        .clock(Hands(Arc::new(AtomicI64::new(NOW.seconds()))))
        .random(Counting::default())
        .http_client(tenant)
        .build()
        .expect("a configuration that is whole")
}

pub fn sealer(format: Format) -> Sealer {
    Sealer::new(&Secrets::new([SECRET.into()]).expect("a good secret"), format)
}

/// What `payload` is in a cookie or a token that the client would open.
pub fn sealed(format: Format, purpose: Purpose, context: &str, payload: &Map<String, Value>) -> String {
    sealer(format).seal(purpose, context, payload, NOW + Duration::from_secs(3600), &Counting::default())
}

/// One of `among`, by the first byte, and the rest.
pub fn choose<'d, T: Copy>(data: &'d [u8], among: &[T]) -> Option<(T, &'d [u8])> {
    let (first, rest) = data.split_first()?;
    Some((among[usize::from(*first) % among.len()], rest))
}

/// The members of an object.
pub fn members(data: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(data).ok()
}

/// The name that a session's cookie has, and its first chunk's.
pub fn session_cookie(format: Format, value: &str) -> String {
    let name = if format == Format::Auth0ServerPython { "_a0_session_0" } else { "__session" };
    format!("{name}={value}")
}

/// A visitor's session: a token that is over, and a refresh token to get another one with.
pub fn visitor(format: Format) -> String {
    let set = serde_json::json!({ "access_token": "at", "audience": "default", "expires_at": NOW.seconds() - 1,
        "scope": "openid" });
    let session = match format {
        Format::Auth0ServerPython => {
            serde_json::json!({ "user": { "sub": "auth0|ada" }, "refresh_token": "rt",
            "token_sets": [set], "internal": { "sid": "s", "created_at": NOW } })
        }
        Format::NextjsAuth0 | Format::Stepup => serde_json::json!({ "user": { "sub": "auth0|ada" },
            "tokenSet": { "accessToken": "at", "refreshToken": "rt", "expiresAt": NOW.seconds() - 1 },
            "internal": { "sid": "s", "createdAt": NOW } }),
    };
    let session = session.as_object().expect("an object");
    session_cookie(format, &sealed(format, Purpose::Session, "", session))
}

/// Headers with one `Cookie` line; `None` where it cannot be one.
pub fn cookies(line: &[u8]) -> Option<HeaderMap> {
    Some(HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes(line).ok()?)]))
}

/// A request of a page of the application.
pub fn request(method: &str, path: &str, cookie_line: &[u8], body: &[u8]) -> Option<Request<Bytes>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "app.example.com")
        .header(header::ORIGIN, HERE)
        .header(header::COOKIE, HeaderValue::from_bytes(cookie_line).ok()?)
        .body(Bytes::copy_from_slice(body))
        .ok()
}

/// What `future` comes to, on a runtime that lives as long as the target.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// The whole answer to a request for one of the routes; `None` for what is none of them.
pub fn answer(client: &Client, request: Request<Bytes>) -> Option<Response<Bytes>> {
    let route = client.route(request.method(), request.uri().path())?;
    let (parts, body) = wait(client.handle(route, request)).into_parts();
    let whole = wait(body.collect()).expect("a body cannot fail").to_bytes();
    Some(Response::from_parts(parts, whole))
}

/// The cookies that are left of `held` after an answer: `name=value; …`.
pub fn jar(held: &str, headers: &HeaderMap) -> String {
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let mut pairs: Vec<String> =
        held.split("; ").filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    for cookie in headers.get_all(header::SET_COOKIE) {
        let cookie = cookie.to_str().expect("cookies are ASCII");
        let pair = cookie.split("; ").next().unwrap_or_default();
        pairs.retain(|held| name(held) != name(pair));
        if !cookie.split("; ").any(|attribute| attribute == "Max-Age=0") {
            pairs.push(pair.to_owned());
        }
    }
    pairs.join("; ")
}

/// The session that an answer leaves in the browser, which must be somebody's.
pub fn check_session(client: &Client, headers: &HeaderMap) {
    let state = client.open_session(&cookies(jar("", headers).as_bytes()).expect("cookies are ASCII"));
    if let Some(session) = state.session() {
        assert!(!session.subject().is_empty(), "a session without a subject");
    }
}

/// Where a redirect leads to, whole.
pub fn location(headers: &HeaderMap) -> Option<url::Url> {
    let location = headers.get(header::LOCATION)?.to_str().expect("addresses are ASCII");
    let base = url::Url::parse(HERE).expect("an address");
    Some(base.join(location).expect("an address that a browser can follow"))
}

/// That a redirect does not lead away from the application, other than to the tenant.
pub fn check_location(headers: &HeaderMap) {
    if let Some(location) = location(headers) {
        let ours =
            location.as_str().starts_with(&format!("{HERE}/")) || location.as_str().starts_with(ISSUER);
        assert!(ours, "off to {location}");
    }
}
