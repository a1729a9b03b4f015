//! `stepup seal`: JSON in, the sealed value out.

use std::{
    io::{self, Read},
    time::Duration,
};

use clap::Args;
use serde_json::{Map, Value};
use stepup::{Clock, SystemClock, SystemRandom};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Format, Sealer};

use crate::{
    failure::Failure,
    output,
    sealed_kind::{self, Kind},
};

/// Longest value of one cookie, in characters, where nextjs-auth0 and this SDK begin a next chunk.
const CHUNK: usize = 3500;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What the value is for
    #[arg(long)]
    kind: Kind,
    /// Whose form it has
    #[arg(long, default_value = "stepup", value_parser = sealed_kind::format_parser())]
    format: Format,
    /// The application's secret, at least 32 bytes; of several the first seals
    #[arg(long = "secret", env = "AUTH0_SECRET", hide_env_values = true, required = true, value_name = "S")]
    secrets: Vec<String>,
    /// How long it is good for; default: 86400 for a session, 3600 for a transaction, 300 for an MFA token
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<u64>,
    /// Name of the session's cookie; default: `__session`, in auth0-server-python's form `_a0_session`
    #[arg(long, value_name = "NAME")]
    cookie: Option<String>,
    /// State of the transaction, which auth0-server-python's form is bound to; default: the payload's `state`
    #[arg(long)]
    state: Option<String>,
}

/// Seals the JSON object on standard input.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let format = arguments.format;
    let now = SystemClock.now();
    let payload = complete(read_payload()?, arguments.kind, format, now);
    let cookie = arguments.cookie.as_deref().unwrap_or(sealed_kind::default_cookie(format));
    let state = arguments
        .state
        .as_deref()
        .or_else(|| payload.get("state").and_then(Value::as_str))
        .unwrap_or_default();
    let purpose = arguments.kind.purpose();
    let sealer = Sealer::new(&sealed_kind::secrets(&arguments.secrets)?, format);
    let context = sealed_kind::context(format, purpose, cookie, state);
    let sealed = sealer.seal(purpose, context, &payload, now + lifetime(arguments), &SystemRandom);
    match arguments.kind {
        Kind::Session => cookies(cookie, &sealed, format).iter().for_each(output::line),
        Kind::Transaction | Kind::MfaToken => output::line(sealed),
    }
    Ok(())
}

fn read_payload() -> Result<Map<String, Value>, Failure> {
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::Usage(format!("cannot read standard input: {error}")))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::Usage(format!("standard input must hold a JSON object: {error}")))
}

fn lifetime(arguments: &Arguments) -> Duration {
    Duration::from_secs(arguments.ttl.unwrap_or(match arguments.kind {
        Kind::Session => 86_400,
        Kind::Transaction => 3600,
        Kind::MfaToken => 300,
    }))
}

/// An MFA token says when it was made; readers insist on it.
fn complete(
    mut payload: Map<String, Value>,
    kind: Kind,
    format: Format,
    now: UnixTime,
) -> Map<String, Value> {
    if kind == Kind::MfaToken {
        let (name, time) = match format {
            Format::Auth0ServerPython => ("created_at", now.seconds()),
            Format::NextjsAuth0 | Format::Stepup => ("createdAt", now.milliseconds()),
        };
        payload.entry(name).or_insert_with(|| time.into());
    }
    payload
}

/// The value alone where one cookie holds it, else a line a chunk.
fn cookies(name: &str, sealed: &str, format: Format) -> Vec<String> {
    let (separator, limit) = match format {
        Format::Auth0ServerPython => ("_", 4096_usize.saturating_sub(name.len() + 10).max(1)),
        Format::NextjsAuth0 | Format::Stepup => ("__", CHUNK),
    };
    if sealed.len() <= limit {
        return vec![sealed.to_owned()];
    }
    let chunks =
        (0..sealed.len()).step_by(limit).map(|start| &sealed[start..sealed.len().min(start + limit)]);
    chunks.enumerate().map(|(index, chunk)| format!("{name}{separator}{index}={chunk}")).collect()
}
