//! An OpenID provider in this process that says what it is told to, and one login at it.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use serde_json::{Value, json};
use stepup::{CallbackOutcome, Client, ClientBuilder, HttpClient, HttpError};
use stepup_seal::jws::{Algorithm, SigningKey};
use url::Url;

use crate::{
    client_proof::CLIENT_KEY,
    support::{
        Counting, Hands, ISSUER, Jar, NOW, Recorded, SECRET, Script, builder, get, handle, set_cookies,
    },
};

/// A provider. Clones are the same one.
#[derive(Clone)]
pub(super) struct Provider(Arc<Mutex<State>>);

struct State {
    discovery: Value,
    keys: Vec<Value>,
    /// What the code is exchanged for.
    tokens: Value,
    user_info: Value,
    requests: Vec<Recorded>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Provider")
    }
}

/// The key of a provider that was not told otherwise.
pub(super) fn rsa() -> SigningKey {
    SigningKey::from_pkcs8_pem(CLIENT_KEY, Algorithm::Rs256).unwrap()
}

/// The public key of `key` as it is published, under `kid` if that is one.
pub(super) fn published(key: &SigningKey, kid: Option<&str>) -> Value {
    let mut jwk = key.public_jwk().unwrap();
    jwk.kid = kid.map(str::to_owned);
    serde_json::to_value(jwk).unwrap()
}

impl Provider {
    /// With one RSA key, published as `k1`.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            discovery: json!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}authorize"),
                "token_endpoint": format!("{ISSUER}oauth/token"),
                "jwks_uri": format!("{ISSUER}.well-known/jwks.json"),
                "userinfo_endpoint": format!("{ISSUER}userinfo"),
                "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "ES256"],
            }),
            keys: vec![published(&rsa(), Some("k1"))],
            tokens: Value::Null,
            user_info: Value::Null,
            requests: Vec::new(),
        })))
    }

    /// Changes what it says of itself.
    pub(super) fn discovery(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.0.lock().unwrap().discovery);
    }

    pub(super) fn publish(&self, keys: Vec<Value>) {
        self.0.lock().unwrap().keys = keys;
    }

    /// The requests to an address that ends so.
    pub(super) fn requests(&self, end: &str) -> Vec<Recorded> {
        let state = self.0.lock().unwrap();
        state.requests.iter().filter(|request| request.url.ends_with(end)).cloned().collect()
    }

    fn respond(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let mut state = self.0.lock().unwrap();
        state.requests.push(Recorded {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            headers: request.headers().clone(),
            body: String::from_utf8(request.body().to_vec()).unwrap(),
        });
        let body = match request.uri().path() {
            "/.well-known/openid-configuration" => state.discovery.clone(),
            path if path.ends_with("/jwks.json") => json!({ "keys": state.keys }),
            "/userinfo" => state.user_info.clone(),
            path if path.ends_with("/token") => state.tokens.clone(),
            path => panic!("a request to {path}"),
        };
        Response::new(body.to_string().into())
    }
}

impl HttpClient for Provider {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        Box::pin(async move { Ok(self.respond(&request)) })
    }
}

/// One login on its way.
pub(super) struct Login {
    pub(super) provider: Provider,
    pub(super) clock: Hands,
    pub(super) asked: BTreeMap<String, String>,
    client: Client,
    jar: Jar,
    /// How the callback ended: the user, or the root of what went wrong.
    end: Arc<Mutex<Option<End>>>,
}

type End = Result<String, String>;

impl Login {
    pub(super) async fn begin(provider: &Provider) -> Self {
        Self::begin_with(provider, "/auth/login", |client| client.client_secret("client-secret-1")).await
    }

    pub(super) async fn begin_with(
        provider: &Provider,
        path: &str,
        set_up: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Self {
        let (clock, end) = (Hands::at(NOW), Arc::<Mutex<Option<End>>>::default());
        let told = Arc::clone(&end);
        let client = Client::builder()
            .domain("tenant.example.auth0.com")
            .client_id("client-1")
            .secret(SECRET)
            .app_base_url("https://app.example.com")
            .clock(clock.clone())
            .random(Counting::default())
            .http_client(provider.clone())
            .on_callback(move |CallbackOutcome { result, .. }| {
                let end = result.map(|session| session.subject().to_owned()).map_err(|error| root(error));
                *told.lock().unwrap() = Some(end);
                Box::pin(async { None })
            });
        let client = set_up(client).build().unwrap();
        let mut login = Self {
            provider: provider.clone(),
            clock,
            asked: BTreeMap::new(),
            client,
            jar: Jar::default(),
            end,
        };
        login.begin_again(path).await;
        login
    }

    /// The status of a login that cannot begin.
    pub(super) async fn refused_to_begin(provider: &Provider) -> u16 {
        let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET);
        let client = client.http_client(provider.clone()).build().unwrap();
        let response = handle(&client, get("/auth/login", "")).await;
        assert!(
            !response.headers().contains_key("location") && !response.headers().contains_key("set-cookie")
        );
        response.status().as_u16()
    }

    /// Another login of the same browser, at the same application.
    pub(super) async fn begin_again(&mut self, path: &str) {
        let response = handle(&self.client, get(path, &self.jar.line())).await;
        assert_eq!(response.status(), 307, "{:?}", self.provider);
        let location = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        self.asked = location.query_pairs().into_owned().collect();
        self.asked.insert("at".to_owned(), location[..url::Position::AfterPath].to_owned());
        self.jar.take(response.headers());
    }

    /// The claims of a good ID token.
    pub(super) fn claims(&self) -> Value {
        json!({ "iss": ISSUER, "aud": "client-1", "sub": "auth0|ada", "iat": NOW, "exp": NOW + 3600,
                "nonce": self.asked["nonce"] })
    }

    /// A good ID token, but for what `change` does to its claims.
    pub(super) fn with_claims(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.claims();
        change(&mut claims);
        rsa().sign("JWT", Some("k1"), &claims).unwrap()
    }

    /// How the login ends when the code is exchanged for this ID token.
    pub(super) async fn end_with(&mut self, id_token: &str) -> End {
        self.provider.0.lock().unwrap().tokens =
            json!({ "access_token": "at-1", "id_token": id_token, "token_type": "Bearer", "expires_in": 60 });
        self.call_back("code=code-1").await
    }

    /// What the session's user is told to be by a provider that says this at its userinfo endpoint.
    pub(super) async fn user_info(&mut self, says: Value) -> Result<Value, String> {
        self.provider.0.lock().unwrap().user_info = says;
        let request = get("/", &self.jar.line());
        let mut state = self.client.open_session(request.headers());
        let claims = self.client.user_info(state.session_mut().expect("a session")).await;
        claims.map(Value::Object).map_err(|error| root(&error))
    }

    /// How the login ends when the browser comes back so.
    pub(super) async fn call_back(&mut self, query: &str) -> End {
        let path = format!("/auth/callback?{query}&state={}", self.asked["state"]);
        let response = handle(&self.client, get(&path, &self.jar.line())).await;
        self.jar.take(response.headers());
        let end = self.end.lock().unwrap().take().expect("the callback was answered");
        let begins_session = set_cookies(response.headers()).iter().any(|cookie| cookie.name == "__session");
        assert_eq!(begins_session, end.is_ok(), "a session, or none");
        end
    }
}

fn root(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| (**error).source()).last().unwrap().to_string()
}
