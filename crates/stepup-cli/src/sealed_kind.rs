//! What `inspect` and `seal` share: the kinds of sealed values, their forms, and their cookies.

use clap::{
    ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use serde_json::{Map, Value};
use stepup_seal::{Format, Purpose, Secrets};

use crate::failure::Failure;

/// What a value is sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Session,
    Transaction,
    MfaToken,
}

impl Kind {
    pub(crate) const fn purpose(self) -> Purpose {
        match self {
            Self::Session => Purpose::Session,
            Self::Transaction => Purpose::Transaction,
            Self::MfaToken => Purpose::MfaToken,
        }
    }
}

/// The name of a purpose in what is printed.
pub(crate) const fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::ConnectionTokens => "connection-tokens",
        Purpose::Detour => "detour",
        Purpose::MfaToken => "mfa-token",
        Purpose::Session => "session",
        Purpose::StatefulId => "session-id",
        Purpose::Transaction => "transaction",
    }
}

/// Reads `--format`, and lists in the help what may stand there.
pub(crate) fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| name.parse::<Format>())
}

/// The session cookie's name where none was given.
pub(crate) const fn default_cookie(format: Format) -> &'static str {
    match format {
        Format::Auth0ServerPython => "_a0_session",
        Format::NextjsAuth0 | Format::Stepup => "__session",
    }
}

/// What binds a value of this purpose more closely: in auth0-server-python's form a session's cookie and a
/// transaction's state.
pub(crate) fn context<'c>(format: Format, purpose: Purpose, cookie: &'c str, state: &'c str) -> &'c str {
    match (format, purpose) {
        (Format::Auth0ServerPython, Purpose::Session | Purpose::StatefulId) => cookie,
        (Format::Auth0ServerPython, Purpose::Transaction) => state,
        _ => "",
    }
}

/// The purpose that a payload's members tell, for a form that does not say it otherwise.
pub(crate) fn purpose_of(payload: &Map<String, Value>) -> Option<Purpose> {
    let text = |name: &str| payload.get(name).is_some_and(Value::is_string);
    let object = |name: &str| payload.get(name).is_some_and(Value::is_object);
    if text("mfaToken") || text("mfa_token") {
        Some(Purpose::MfaToken)
    } else if object("user") || object("internal") {
        Some(Purpose::Session)
    } else if text("state") || text("code_verifier") {
        Some(Purpose::Transaction)
    } else if text("connection") && text("accessToken") {
        Some(Purpose::ConnectionTokens)
    } else if text("id") && payload.len() == 1 {
        Some(Purpose::StatefulId)
    } else {
        None
    }
}

/// The secrets of the command line.
pub(crate) fn secrets(given: &[String]) -> Result<Secrets, Failure> {
    Secrets::new(given.iter().cloned().map(Into::into)).map_err(|error| Failure::usage(&error))
}
