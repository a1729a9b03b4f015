//! Opening a session cookie: through the SDK, and by its bare steps.

use anyhow::Context;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use http::{HeaderMap, header::COOKIE};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stepup::{Client, Clock, SystemClock, SystemRandom};
use stepup_protocol::{scope::Scopes, time::UnixTime};
use stepup_seal::{Format, Purpose, Random, Sealer, Secrets};

use crate::{
    report::{Figure, Promise, Raw},
    sample::in_turns,
};

const SECRET: &str = "a secret of the bench, long enough to be one";
/// Bytes of the sealed cookie.
const SIZE: usize = 2048;

pub(crate) fn opening() -> anyhow::Result<Figure> {
    let client = Client::builder()
        .domain("tenant.example.com")
        .client_id("bench")
        .client_secret("bench")
        .secret(SECRET)
        .app_base_url("https://app.example.com")
        .build()?;
    let now = SystemClock.now();
    let (plaintext, cookie) = cookie(now)?;
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, format!("__session={cookie}").parse()?);
    let opened = client.open_session(&headers);
    anyhow::ensure!(
        opened.session().is_some_and(|session| session.subject() == "auth0|ada"),
        "the cookie does not open"
    );

    let raw = RawCookie::seal(&plaintext)?;
    anyhow::ensure!(raw.open().is_some(), "the raw cookie does not open");
    let (sdk, bare) = in_turns(20, || client.open_session(&headers), || raw.open());
    Ok(Figure {
        name: "open a 2 KB session cookie",
        unit: "µs",
        measured: sdk,
        raw: Some(Raw { name: "base64 + AES-256-GCM + JSON", measured: bare }),
        promise: Some(Promise::TimesRaw(2.0)),
    })
}

/// A session as it is after a log-in, and the cookie of about [`SIZE`] bytes that holds it.
fn cookie(now: UnixTime) -> anyhow::Result<(Vec<u8>, String)> {
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
            return Ok((serde_json::to_vec(&session)?, sealed));
        }
        id_token.push_str("eyJhbGciOiJSUzI1NiJ9");
    }
}

/// The same plaintext, encrypted and encoded with nothing around it.
struct RawCookie {
    key: LessSafeKey,
    nonce: [u8; 12],
    text: String,
}

impl RawCookie {
    fn seal(plaintext: &[u8]) -> anyhow::Result<Self> {
        let (mut secret, mut nonce) = ([0; 32], [0; 12]);
        SystemRandom.fill(&mut secret);
        SystemRandom.fill(&mut nonce);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &secret).ok().context("no key")?);
        let mut sealed = plaintext.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .ok()
            .context("no seal")?;
        Ok(Self { key, nonce, text: base64_simd::URL_SAFE_NO_PAD.encode_to_string(sealed) })
    }

    fn open(&self) -> Option<Read> {
        let mut sealed = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(&self.text).ok()?;
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let plaintext = self.key.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        serde_json::from_slice(plaintext).ok()
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
