//! `stepup inspect`: what a value is, and what is in it.

use std::io::{self, Read};

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};
use stepup::{Clock, SystemClock};
use stepup_protocol::time::UnixTime;
use stepup_seal::{
    Format, OpenError, Purpose, Sealer, Secrets, base64url,
    jwe::{self, Encryption},
    jws, sealed,
};

use crate::{
    failure::Failure,
    output,
    sealed_kind::{context, default_cookie, purpose_name, purpose_of, secrets},
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Secret that the value may be sealed with; several for rotation. A JWT needs none
    #[arg(long = "secret", env = "AUTH0_SECRET", hide_env_values = true, value_name = "S")]
    secrets: Vec<String>,
    /// Name of the session's cookie, which auth0-server-python's form is bound to
    #[arg(long, value_name = "NAME")]
    cookie: Option<String>,
    /// State of the transaction, which auth0-server-python's form is bound to
    #[arg(long, default_value = "")]
    state: String,
    /// Look at it as if it were this time: seconds since 1970, or 2026-01-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<UnixTime>,
    /// The value, a `name=value` cookie, or a line for each chunk of one; `-` reads standard input
    #[arg(default_value = "-")]
    value: String,
}

/// What was found out, as it is printed.
#[derive(Serialize)]
struct Found {
    kind: &'static str,
    format: &'static str,
    payload: Value,
    expires_at: Option<UnixTime>,
}

/// Prints one JSON object.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let now = arguments.at.unwrap_or_else(|| SystemClock.now());
    let found = inspect(arguments, &value(&arguments.value)?, now)?;
    if found.expires_at.is_some_and(|expires_at| found.kind == "jwt" && expires_at <= now) {
        return Err(expired(found.expires_at));
    }
    output::line(serde_json::to_string(&found).map_err(|error| Failure::other(&error))?);
    Ok(())
}

fn inspect(arguments: &Arguments, value: &str, now: UnixTime) -> Result<Found, Failure> {
    match value.matches('.').count() {
        2 => jwt(value),
        4 => {
            let secrets = match arguments.secrets.as_slice() {
                [] => return Err(Failure::Usage("a sealed value needs --secret S to be opened".to_owned())),
                given => secrets(given)?,
            };
            sealed_value(arguments, value, &secrets, now)
        }
        _ => Err(Failure::Other("the value is neither sealed (a JWE) nor a JWT".to_owned())),
    }
}

/// A token is read, not believed: whose keys sign it, this command does not know.
fn jwt(value: &str) -> Result<Found, Failure> {
    jws::peek(value).map_err(|error| Failure::other(&error))?;
    let claims = value.split('.').nth(1).and_then(|payload| base64url::decode(payload).ok());
    let payload: Map<String, Value> = claims
        .and_then(|claims| serde_json::from_slice(&claims).ok())
        .ok_or_else(|| Failure::Other("the payload of the token is not a JSON object".to_owned()))?;
    let expires_at = payload.get("exp").and_then(Value::as_f64).map(whole_seconds);
    Ok(Found { kind: "jwt", format: "jws", payload: payload.into(), expires_at })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, which is what is wanted of a far future"
)]
fn whole_seconds(number: f64) -> UnixTime {
    UnixTime::from_seconds(number.floor() as i64)
}

fn sealed_value(
    arguments: &Arguments,
    value: &str,
    secrets: &Secrets,
    now: UnixTime,
) -> Result<Found, Failure> {
    let header = jwe::peek(value, sealed::MAX_VALUE_BYTES).map_err(|error| Failure::other(&error))?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let (format, purposes) = match (text("typ").and_then(our_purpose), text("enc")) {
        (Some(purpose), _) => (Format::Stepup, vec![purpose]),
        (None, Some(enc)) if enc == Encryption::A256Gcm.name() => {
            // one key for every purpose; only sessions may have the header of version 3
            (Format::NextjsAuth0, vec![Purpose::MfaToken, Purpose::Session])
        }
        (None, Some(enc)) if enc == Encryption::A256CbcHs512.name() => {
            (Format::Auth0ServerPython, vec![Purpose::MfaToken, Purpose::Session, Purpose::Transaction])
        }
        _ => {
            return Err(Failure::Other(
                "the value is encrypted in a way that none of the three forms use".to_owned(),
            ));
        }
    };
    let cookie = arguments.cookie.as_deref().unwrap_or(default_cookie(format));
    let sealer = Sealer::new(secrets, format);
    let mut refusal = OpenError::Invalid;
    for purpose in purposes {
        let context = context(format, purpose, cookie, &arguments.state);
        match sealer.open::<Value>(purpose, context, value, now) {
            Ok(opened) => {
                let kind = match (format, &opened.payload) {
                    (Format::NextjsAuth0, Value::Object(payload)) if opened.legacy_issued_at.is_none() => {
                        purpose_of(payload).map_or("unknown", purpose_name)
                    }
                    _ => purpose_name(purpose),
                };
                let (format, expires_at) = (format.name(), opened.expires_at);
                return Ok(Found { kind, format, payload: opened.payload, expires_at });
            }
            Err(error) if refusal == OpenError::Invalid => refusal = error,
            Err(_) => {}
        }
    }
    Err(match refusal {
        OpenError::Expired => expired(None),
        _ => Failure::Other("the value was tampered with, or sealed with another secret".to_owned()),
    })
}

/// The purpose that the header of our own form names.
fn our_purpose(typ: &str) -> Option<Purpose> {
    let name = typ.strip_prefix("stepup-")?.strip_suffix("-v1")?;
    Purpose::ALL.into_iter().find(|purpose| purpose.name() == name)
}

fn expired(at: Option<UnixTime>) -> Failure {
    let when = at.and_then(|at| jiff::Timestamp::from_second(at.seconds()).ok());
    Failure::Other(when.map_or_else(
        || "the value is authentic and has expired; see it with --at TIME".to_owned(),
        |when| format!("the token has expired at {when}; see it with --at TIME"),
    ))
}

/// The sealed text in what was given: bare, as `name=value`, or in chunks.
fn value(given: &str) -> Result<String, Failure> {
    let text = match given {
        "-" => {
            let mut text = String::new();
            io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| Failure::Usage(format!("cannot read standard input: {error}")))?;
            text
        }
        given => given.to_owned(),
    };
    let mut chunks: Vec<(u32, &str)> = Vec::new();
    for line in text.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_once('=') {
            None => chunks.push((0, line)),
            Some((name, value)) => chunks.push((chunk_number(name), value)),
        }
    }
    chunks.sort_by_key(|(number, _)| *number);
    let joined: String = chunks.into_iter().map(|(_, chunk)| chunk).collect();
    // nextjs-auth0 writes the time before a transaction: 1767225600:JWE, the colon percent-encoded in a cookie
    let joined = joined.replace("%3A", ":");
    Ok(joined.rsplit_once(':').map_or(joined.as_str(), |(_, value)| value).to_owned())
}

/// The number at the end of a chunk's name: `__session__2`, `_a0_session_2`, `appSession.2`.
fn chunk_number(name: &str) -> u32 {
    name.rsplit(['_', '.']).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn time(text: &str) -> Result<UnixTime, jiff::Error> {
    match text.parse() {
        Ok(seconds) => Ok(UnixTime::from_seconds(seconds)),
        Err(_) => text.parse().map(|time: jiff::Timestamp| UnixTime::from_seconds(time.as_second())),
    }
}
