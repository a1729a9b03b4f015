//! Sealing a pending step-up and opening it again.

use std::collections::BTreeMap;

use anyhow::Context;
use bytes::Bytes;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, ready},
};
use http::{HeaderMap, Request, Response, StatusCode, header::COOKIE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stepup::{
    AccessTokenError, AccessTokenRequest, Client, Clock, HttpClient, HttpError, SystemClock, SystemRandom,
    mfa::MfaToken,
};
use stepup_protocol::{scope::Scopes, time::UnixTime};
use stepup_seal::{Format, Purpose, Sealer, Secrets, jws::SigningKey};

use crate::{
    bare::Bare,
    report::{Figure, Promise, Raw},
    sample::in_turns,
    session,
};

/// The member that holds the raw token.
const RAW: &str = "tok";

pub(crate) fn seal_and_open() -> anyhow::Result<Figure> {
    let client = session::builder().http_client(Denies { key: SigningKey::generate_p256()? }).build()?;
    let token = pending(&client)?;
    let sealer = Sealer::new(&Secrets::new([session::SECRET.to_owned().into()])?, Format::Stepup);
    let opened =
        sealer.open_with_text::<Beside>(Purpose::MfaToken, "", token.as_str(), RAW, SystemClock.now())?;
    let ((raw, context), expires_at) =
        (opened.payload, opened.expires_at.context("the token does not expire")?);

    let both = || {
        let token =
            sealer.seal_with_text(Purpose::MfaToken, "", (RAW, &raw), &context, expires_at, &SystemRandom);
        anyhow::Ok(client.mfa().enrollment_factors(&MfaToken::from(token))?)
    };
    anyhow::ensure!(both().is_ok(), "what was sealed does not open");
    let whole = json!({ RAW: raw, "rest": serde_json::to_value(&context)? });
    let mut bare = Bare::seal(b"{}")?;
    let mut bare_both = || {
        bare.seal_again(&serde_json::to_vec(&whole).ok()?)?;
        bare.open::<Value>()
    };
    anyhow::ensure!(bare_both().is_some(), "the raw token does not open");
    let (sdk, raw) = in_turns(20, both, bare_both);
    Ok(Figure {
        name: "seal and open an MFA token",
        unit: "µs",
        measured: sdk,
        raw: Some(Raw { name: "JSON + AES-256-GCM + base64, both ways", measured: raw }),
        promise: Some(Promise::AtMost(5.0)),
    })
}

/// What the SDK seals beside the raw token.
#[derive(Serialize, Deserialize)]
struct Beside {
    aud: String,
    scp: Scopes,
    req: Option<BTreeMap<String, Vec<String>>>,
    iss: String,
    sub: Option<String>,
    iat: UnixTime,
}

/// The token of a step-up that a tenant asked for.
fn pending(client: &Client) -> anyhow::Result<MfaToken> {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, session::cookie(SystemClock.now())?.1);
    let mut state = client.open_session(&headers);
    let session = state.session_mut().context("the cookie does not open")?;
    let wanted =
        AccessTokenRequest::new().audience("https://api.example.com").scope("transfer:funds").refresh(true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    match runtime.block_on(client.access_token(session, &wanted)) {
        Err(AccessTokenError::MfaRequired(required)) => required.mfa_token.context("no token"),
        other => anyhow::bail!("no factor is due: {other:?}"),
    }
}

/// A raw token as a real tenant makes it: some 2000 characters.
fn raw_token() -> String {
    let [salt, iv, ciphertext, mac] =
        [("0a", 32), ("Ab", 11), ("Ab3-", 443), ("Mn", 21)].map(|(text, times)| text.repeat(times));
    format!("Fe26.2*SERVER_1726721698*{salt}*{iv}*{ciphertext}*1726721998000*{salt}*{mac}")
}

/// A tenant that asks for a second factor.
#[derive(Debug)]
struct Denies {
    /// It signs nothing here, but a tenant has one.
    key: SigningKey,
}

impl HttpClient for Denies {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, HttpError>> {
        const ISSUER: &str = "https://tenant.example.com/";
        let (status, body) = match request.uri().path() {
            "/.well-known/openid-configuration" => (
                StatusCode::OK,
                json!({ "issuer": ISSUER, "authorization_endpoint": format!("{ISSUER}authorize"),
                        "token_endpoint": format!("{ISSUER}oauth/token"),
                        "jwks_uri": format!("{ISSUER}.well-known/jwks.json") }),
            ),
            "/.well-known/jwks.json" => (StatusCode::OK, json!({ "keys": [self.key.public_jwk()] })),
            _ => (
                StatusCode::FORBIDDEN,
                json!({ "error": "mfa_required", "error_description": "Multifactor authentication required",
                        "mfa_token": raw_token(),
                        "mfa_requirements": { "challenge": [{ "type": "otp" }, { "type": "phone" }] } }),
            ),
        };
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = status;
        ready(Ok(response)).boxed()
    }
}
