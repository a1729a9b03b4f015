//! Post-login Actions: foreign JavaScript, run apart, whose decisions come out as values.
//!
//! Every execution has a JavaScript runtime of its own, on a thread that runs nothing else meanwhile, with a limited heap,
//! stack and time, no file system and no network. [`Engine::run`] gives the Action `event` as JSON and an `api` that only takes notes; what it
//! noted comes back as an [`Outcome`]. Carrying that out is the caller's part.

mod cache;
mod chance;
mod check;
mod claims;
mod engine;
mod error;
mod exception;
mod execution;
mod host;
mod outcome;
mod platform;
mod recorder;
mod sandbox;
mod session_token;
mod shares;

use std::{collections::BTreeMap, fmt, sync::Arc};

use secrecy::SecretString;
use stepup_protocol::time::UnixTime;

pub(crate) use self::check::load;
pub use self::{
    check::check,
    engine::{Engine, Limits},
    error::{ActionError, Cause, Location, Thrown},
    outcome::{
        CacheWrite, Changes, ConsoleLevel, ConsoleLine, CookieMode, Denial, Factor, FactorChoice,
        FactorCommand, FactorOptions, MetadataChanges, MultifactorProvider, MultifactorRequest, Outcome,
        PreferredMethod, Redirect, ScopeChange, Selection, SessionChanges, SessionRevocation, TokenChanges,
        merge,
    },
};

/// An Action as it is deployed; cheap to clone.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its name, which is also the file name in error messages and stacks.
    pub name: Arc<str>,
    /// Its code: a CommonJS module.
    pub code: Arc<str>,
    /// `event.secrets`.
    pub secrets: Arc<BTreeMap<String, SecretString>>,
}

impl Action {
    /// An Action without secrets.
    pub fn new(name: impl Into<Arc<str>>, code: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), code: code.into(), secrets: Arc::default() }
    }

    /// The Action with these `event.secrets`.
    #[must_use]
    pub fn with_secrets(self, secrets: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        Self { secrets: Arc::new(secrets.into_iter().collect()), ..self }
    }
}

/// Which function of an Action runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// `onContinuePostLogin`: the browser came back from where the Action sent it.
    ContinuePostLogin,
    /// `onExecutePostLogin`.
    PostLogin,
}

impl Entry {
    /// The name that the module exports.
    #[must_use]
    pub const fn function(self) -> &'static str {
        match self {
            Self::ContinuePostLogin => "onContinuePostLogin",
            Self::PostLogin => "onExecutePostLogin",
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.function())
    }
}

/// What an execution takes from its surroundings.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// The tenant's clock: what `Date` says.
    pub now: UnixTime,
    /// Where `Math.random` and `crypto` draw from: 32 bytes from the tenant's `Random`, never used twice.
    pub seed: [u8; 32],
}
