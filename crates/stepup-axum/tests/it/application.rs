//! An application with the layer around it, on a free port; its tenant is out of reach.

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};
use http::{Request, Response};
use serde_json::{Value, json};
use stepup::{Client, ClientBuilder, Format, HttpClient, HttpError, SystemRandom};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};

const SECRET: &str = "a secret of thirty-two bytes, or more";
const SCOPE: &str = "openid profile email offline_access";
/// Where the clock stands.
pub(crate) const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);

/// A server that ends with the test.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) url: String,
    http: reqwest::Client,
    _server: AbortOnDrop,
}

#[derive(Debug)]
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Application {
    /// Serves what `build` makes of a client.
    pub(crate) async fn start(build: impl FnOnce(Client) -> axum::Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let application = build(client(&url));
        let server = tokio::spawn(async move { axum::serve(listener, application).await.unwrap() });
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { url, http, _server: AbortOnDrop(server) }
    }

    /// A request to `path`.
    pub(crate) fn request(&self, method: http::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.request(http::Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.request(http::Method::POST, path)
    }
}

fn client(url: &str) -> Client {
    builder(url).build().unwrap()
}

/// A client at `url`, to be set further.
pub(crate) fn builder(url: &str) -> ClientBuilder {
    Client::builder()
        .domain("https://tenant.example.com")
        .client_id("webapp")
        .client_secret("client secret")
        .secret(SECRET)
        .app_base_url(url)
        .format(Format::NextjsAuth0)
        .clock(Fixed)
        .http_client(OutOfReach)
}

/// The cookie of a session that was begun for Ada just now.
pub(crate) fn session_cookie() -> String {
    let session = json!({
        "user": { "sub": "auth0|ada", "name": "Ada", "email": "ada@example.com" },
        "tokenSet": { "accessToken": "at-1", "scope": SCOPE, "requestedScope": SCOPE, "expiresAt": NOW.seconds() + 3600 },
        "internal": { "sid": "sid-1", "createdAt": NOW.seconds() },
    });
    format!("__session={}", sealed(Purpose::Session, &session))
}

/// A pending step-up of the user `subject`.
pub(crate) fn mfa_token(subject: &str) -> String {
    let context = json!({
        "mfaToken": "raw", "audience": "", "scope": "openid", "createdAt": NOW.milliseconds(), "sub": subject, "pur": "mfa",
    });
    sealed(Purpose::MfaToken, &context)
}

fn sealed(purpose: Purpose, payload: &Value) -> String {
    let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::NextjsAuth0);
    sealer.seal(purpose, "", payload, NOW + std::time::Duration::from_secs(86_400), &SystemRandom)
}

#[derive(Debug)]
struct Fixed;

impl stepup::Clock for Fixed {
    fn now(&self) -> UnixTime {
        NOW
    }
}

#[derive(Debug)]
struct OutOfReach;

impl HttpClient for OutOfReach {
    fn send(&self, _request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        std::future::ready(Err(HttpError::Connection("out of reach".into()))).boxed()
    }
}
