//! Opening a session cookie: through the SDK, and by its bare steps.

use http::{HeaderMap, HeaderValue, header::COOKIE};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stepup::{Client, ClientBuilder, Clock, SystemClock, SystemRandom};
use stepup_protocol::{scope::Scopes, time::UnixTime};
use stepup_seal::{Format, Purpose, Sealer, Secrets};

use crate::{
    bare::Bare,
    report::{Figure, Promise, Raw},
    sample::in_turns,
};

pub(crate) const SECRET: &str = "a secret of the bench, long enough to be one";
/// Bytes of the sealed cookie.
const SIZE: usize = 2048;

pub(crate) fn opening() -> anyhow::Result<Figure> {
    let client = builder().build()?;
    let (plaintext, cookie) = cookie(SystemClock.now())?;
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, cookie);
    let opened = client.open_session(&headers);
    anyhow::ensure!(
        opened.session().is_some_and(|session| session.subject() == "auth0|ada"),
        "the cookie does not open"
    );

    let raw = Bare::seal(&plaintext)?;
    anyhow::ensure!(raw.open::<Read>().is_some(), "the raw cookie does not open");
    let (sdk, bare) = in_turns(20, || client.open_session(&headers), || raw.open::<Read>());
    Ok(Figure {
        name: "open a 2 KB session cookie",
        unit: "µs",
        measured: sdk,
        raw: Some(Raw { name: "base64 + AES-256-GCM + JSON", measured: bare }),
        promise: Some(Promise::TimesRaw(2.0)),
    })
}

/// A client of the SDK whose tenant is out of reach.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder()
        .domain("tenant.example.com")
        .client_id("bench")
        .client_secret("bench")
        .secret(SECRET)
        .app_base_url("https://app.example.com")
}

/// A session as it is after a log-in, and the header with the cookie of about [`SIZE`] bytes that holds it.
pub(crate) fn cookie(now: UnixTime) -> anyhow::Result<(Vec<u8>, HeaderValue)> {
    let sealer = Sealer::new(&Secrets::new([SECRET.to_owned().into()])?, Format::Stepup);
    let expires_at = UnixTime::from_seconds(now.seconds() + 86_400);
    let mut id_token = String::new();
    loop {
        let session = json!({
            "user": { "sub": "auth0|ada", "name": "Ada Lovelace", "nickname": "ada", "email": "ada@example.com", "email_verified": true,
                      "picture": "https://cdn.example.com/ada.png", "updated_at": "2026-01-01T00:00:00.000Z", "sid": "s7n4f0b2k9" },
            "tokenSet": { "accessToken": "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..c2Vzc2lvbg.dG9rZW4", "idToken": id_token,
                          "scope": "openid profile email offline_access", "requestedScope": "openid profile email offline_access",
                          "refreshToken": "v1.M5q2e8Jx0rT3uVwXyZaBcDeFgHiJkLmNoPqRsTu", "expiresAt": now.seconds() + 86_400, "token_type": "Bearer" },
            "internal": { "sid": "s7n4f0b2k9", "createdAt": now.seconds() },
        });
        let sealed = sealer.seal(Purpose::Session, "", &session, expires_at, &SystemRandom);
        if sealed.len() >= SIZE {
            return Ok((serde_json::to_vec(&session)?, format!("__session={sealed}").parse()?));
        }
        id_token.push_str("eyJhbGciOiJSUzI1NiJ9");
    }
}

/// What the SDK reads a session into, member by member.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only what reading it costs is of interest")]
struct Read {
    user: Map<String, Value>,
    token_set: Option<ReadSet>,
    #[serde(default)]
    access_tokens: Vec<ReadSet>,
    internal: Option<ReadInternal>,
    #[serde(flatten)]
    data: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only what reading it costs is of interest")]
struct ReadSet {
    access_token: String,
    id_token: Option<String>,
    scope: Option<Scopes>,
    requested_scope: Option<Scopes>,
    audience: Option<String>,
    refresh_token: Option<String>,
    expires_at: Option<UnixTime>,
    #[serde(rename = "token_type")]
    token_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only what reading it costs is of interest")]
struct ReadInternal {
    #[serde(default)]
    sid: String,
    created_at: UnixTime,
    session_expires_at: Option<UnixTime>,
    #[serde(flatten)]
    other: Map<String, Value>,
}
