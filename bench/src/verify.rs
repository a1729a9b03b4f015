//! What the SDK adds to a verify: its call, beside a POST of the same form to the same tenant by `reqwest` alone.
//!
//! The tenant's own time does not count: what is told is the CPU of the one thread that all of the client runs on. That the
//! call is one request, and waits for nothing else, is looked at once.

use std::time::Duration;

use anyhow::Context;
use http::{HeaderMap, header::COOKIE};
use serde_json::{Value, json};
use stepup::{
    AccessTokenError, AccessTokenRequest, Client, Clock, Session, SessionState, SystemRandom, mfa::Verify,
};
use stepup_protocol::{time::UnixTime, token::GrantType};
use stepup_seal::{Format, Purpose, Sealer, Secrets};
use stepup_tenant::{ClientCredentials, Tenant, clock::VirtualClock, passwords::Cost};

use crate::{
    cpu,
    report::{Figure, Promise, Raw},
    sample::median,
    session::SECRET,
};

const ROUNDS: usize = 500;
const API: &str = "https://api.example.com";
const SCOPE: &str = "openid profile email offline_access transfer:funds";
const APP: &str = "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4";
const USER: &str = "ada@example.com";
/// How long both wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
const PASSWORD: &str = "correct horse battery staple";

pub(crate) fn added() -> anyhow::Result<Figure> {
    let tenant_runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let users = json!([{ "email": USER, "password": PASSWORD, "email_verified": true,
                         "mfa_factors": [{ "totp": { "secret": APP } }] }]);
    let tenant = Tenant::builder().argon2(Cost::Fast).record(false).users_json(&users.to_string());
    let tenant = tenant_runtime.block_on(tenant.start())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let figures = runtime.block_on(compare(&tenant));
    tenant_runtime.block_on(tenant.shutdown());
    figures
}

async fn compare(tenant: &Tenant) -> anyhow::Result<Figure> {
    let mut bare = Bare::log_in(tenant).await?;
    let mut sdk = Sdk::log_in(tenant, &mut bare).await?;
    // The first one asks for documents too, which are then known.
    sdk.verify(tenant).await?;
    let before = tenant.requests().len();
    sdk.verify(tenant).await?;
    let requests = tenant.requests().len() - before;
    anyhow::ensure!(requests == 2, "a refused refresh and a verify took {requests} requests");
    let (mut by_sdk, mut by_hand) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        by_sdk.push(sdk.verify(tenant).await?);
        by_hand.push(bare.verify(tenant).await?);
    }
    Ok(Figure {
        name: "CPU of a verify by the SDK, p50",
        unit: "µs",
        measured: median(by_sdk),
        raw: Some(Raw { name: "reqwest, the same form", measured: median(by_hand) }),
        promise: Some(Promise::MoreThanRaw(100.0)),
    })
}

/// Microseconds of this thread's CPU that `work` takes, and what it brings.
async fn timed<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<(f64, T)> {
    let before = cpu::of_this_thread();
    let done = work.await?;
    Ok(((cpu::of_this_thread() - before) * 1e6, done))
}

/// The code of the app after the last one was used.
fn next_code(tenant: &Tenant) -> anyhow::Result<String> {
    tenant.clock().advance(Duration::from_secs(30));
    tenant.totp(APP).context("the app shows no code")
}

/// A client that does by hand what the SDK does.
struct Bare {
    http: reqwest::Client,
    token_endpoint: String,
    credentials: ClientCredentials,
    refresh_token: String,
}

impl Bare {
    async fn log_in(tenant: &Tenant) -> anyhow::Result<Self> {
        let mut bare = Self {
            http: reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?,
            token_endpoint: format!("{}oauth/token", tenant.issuer()),
            credentials: tenant.client("webapp").context("no client `webapp`")?,
            refresh_token: String::new(),
        };
        let tokens = bare.password().await?;
        bare.refresh_token = text(&tokens, "refresh_token")?;
        Ok(bare)
    }

    async fn password(&self) -> anyhow::Result<Value> {
        let form = [
            ("grant_type", "http://auth0.com/oauth/grant-type/password-realm"),
            ("realm", "Username-Password-Authentication"),
            ("username", USER),
            ("password", PASSWORD),
            ("scope", "openid profile email offline_access"),
        ];
        self.post(200, &form).await
    }

    async fn verify(&mut self, tenant: &Tenant) -> anyhow::Result<f64> {
        let refresh = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.as_str()),
            ("audience", API),
            ("scope", SCOPE),
        ];
        let mfa_token = text(&self.post(403, &refresh).await?, "mfa_token")?;
        let code = next_code(tenant)?;
        let form = [
            ("grant_type", GrantType::MfaOtp.as_str()),
            ("mfa_token", &mfa_token),
            ("audience", API),
            ("scope", SCOPE),
            ("otp", &code),
        ];
        let (took, tokens) = timed(self.post(200, &form)).await?;
        if let Ok(rotated) = text(&tokens, "refresh_token") {
            self.refresh_token = rotated;
        }
        Ok(took)
    }

    async fn post(&self, status: u16, fields: &[(&str, &str)]) -> anyhow::Result<Value> {
        let secret = self.credentials.client_secret.as_deref().unwrap_or_default();
        let client = [("client_id", self.credentials.client_id.as_str()), ("client_secret", secret)];
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields.iter().chain(&client))
            .finish();
        let request = self
            .http
            .post(&self.token_endpoint)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = request.send().await?;
        let answered = answer.status();
        let body = answer.bytes().await?;
        anyhow::ensure!(answered == status, "{answered}: {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body)?)
    }
}

/// The SDK with a session of its own.
struct Sdk {
    client: Client,
    state: SessionState,
}

impl Sdk {
    async fn log_in(tenant: &Tenant, bare: &mut Bare) -> anyhow::Result<Self> {
        let tokens = bare.password().await?;
        let secret = bare.credentials.client_secret.clone().unwrap_or_default();
        let client = Client::builder()
            .domain(tenant.issuer())
            .client_id(&bare.credentials.client_id)
            .client_secret(secret)
            .secret(SECRET)
            .app_base_url("http://localhost:3000")
            .clock(Follows(tenant.clock().clone()))
            .build()?;
        let state = client.open_session(&cookie(&client, &tokens, tenant.clock().now())?);
        Ok(Self { client, state })
    }

    async fn verify(&mut self, tenant: &Tenant) -> anyhow::Result<f64> {
        let wanted = AccessTokenRequest::new().audience(API).scope("transfer:funds").refresh(true);
        let session: &mut Session = self.state.session_mut().context("there is no session")?;
        let required = match self.client.access_token(session, &wanted).await {
            Err(AccessTokenError::MfaRequired(required)) => required,
            other => anyhow::bail!("no factor is due: {other:?}"),
        };
        let token = required.mfa_token.context("the tenant gave no token")?;
        let proof = Verify::otp(next_code(tenant)?);
        let mfa = self.client.mfa();
        let verify = async { Ok(mfa.verify(&mut self.state, &token, proof).await?) };
        Ok(timed(verify).await?.0)
    }
}

/// The cookie of a session with these tokens, as a log-in would have left it.
fn cookie(client: &Client, tokens: &Value, now: UnixTime) -> anyhow::Result<HeaderMap> {
    let id_token = text(tokens, "id_token")?;
    let payload = id_token.split('.').nth(1).context("the ID token is no JWS")?;
    let user: Value = serde_json::from_slice(&base64_simd::URL_SAFE_NO_PAD.decode_to_vec(payload)?)?;
    let scope = tokens["scope"].as_str().unwrap_or_default();
    let session = json!({
        "user": user,
        "tokenSet": { "accessToken": tokens["access_token"], "idToken": id_token, "scope": scope, "requestedScope": scope,
                      "refreshToken": tokens["refresh_token"], "expiresAt": now.seconds() + 86_400 },
        "internal": { "sid": "bench", "createdAt": now.seconds() },
    });
    let sealer = Sealer::new(&Secrets::new([SECRET.to_owned().into()])?, Format::Stepup);
    let sealed =
        sealer.seal(Purpose::Session, "", &session, now + Duration::from_secs(86_400), &SystemRandom);
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, format!("__session={sealed}").parse()?);
    anyhow::ensure!(client.open_session(&headers).session().is_some(), "the session does not open");
    Ok(headers)
}

fn text(json: &Value, member: &str) -> anyhow::Result<String> {
    Ok(json[member].as_str().with_context(|| format!("no {member} in the answer"))?.to_owned())
}

/// The SDK on the tenant's clock.
#[derive(Debug)]
struct Follows(VirtualClock);

impl Clock for Follows {
    fn now(&self) -> UnixTime {
        self.0.now()
    }
}
