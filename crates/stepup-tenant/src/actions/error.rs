//! How an Action fails.

use std::{fmt, time::Duration};

use super::{Entry, outcome::ConsoleLine};

/// An Action that did not finish: the flow that ran it fails, and later Actions do not run.
///
/// What it decided until then is dropped; what it printed is kept for the log.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the Action `{action}` failed")]
#[non_exhaustive]
pub struct ActionError {
    /// The Action's name.
    pub action: String,
    /// Why.
    #[source]
    pub cause: Cause,
    /// The line of its code where it failed, if that is known.
    pub line: Option<String>,
    /// What it printed until then.
    pub console: Vec<ConsoleLine>,
    /// How long it ran, in real time.
    pub duration: Duration,
}

/// Why an Action did not finish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// As many Actions as are allowed are running, those given up included, and none ended in time.
    #[error(
        "{running} Actions are running already, which is the limit; one that does not end blocks the others"
    )]
    Busy {
        /// The limit.
        running: usize,
    },
    /// The engine itself failed; a defect of this program.
    #[error("the JavaScript engine failed: {0}")]
    Engine(String),
    /// It awaits something that nothing is left to bring about.
    #[error("it awaits a promise that nothing will ever settle")]
    NeverSettles,
    /// `exports` has no function of the name.
    #[error("it exports no function `{}`; write `exports.{} = async (event, api) => {{ … }}`", .0.function(), .0.function())]
    NoHandler(Entry),
    /// It asked for more memory than it may have.
    #[error("it ran out of memory: the limit is {} KiB", .limit / 1024)]
    OutOfMemory {
        /// Bytes of heap that an Action has.
        limit: usize,
    },
    /// Its calls are nested too deeply.
    #[error("its calls are nested too deeply{}", at(.0.location))]
    StackOverflow(Box<Thrown>),
    /// It is not JavaScript.
    #[error("syntax error{}: {}", at(.0.location), .0.message)]
    Syntax(Box<Thrown>),
    /// It threw, or its promise was rejected.
    #[error("it threw{}: {}", at(.0.location), .0.message)]
    Threw(Box<Thrown>),
    /// As many Actions as one user may have are running for this user, those given up included, and none ended in time.
    #[error(
        "{running} Actions are running for this user already, which is a user's limit; one that does not end blocks the others"
    )]
    UserBusy {
        /// The limit.
        running: usize,
    },
    /// It ran longer than it may.
    #[error("it did not end within {} ms", .limit.as_millis())]
    TimedOut {
        /// How long an Action may run.
        limit: Duration,
    },
}

/// A JavaScript exception, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thrown {
    /// The exception's message, with its class unless that is `Error`.
    pub message: String,
    /// Where in the Action's own code, if it came from there.
    pub location: Option<Location>,
    /// The frames, innermost first, one a line; those of the tenant's own code left out. Empty where none is known.
    pub stack: String,
    /// It was `null`, which the engine throws too where it has no memory left for an error.
    pub(super) is_null: bool,
}

/// A place in an Action's code; both count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

fn at(location: Option<Location>) -> String {
    location.map_or_else(String::new, |location| {
        format!(" at line {}, column {}", location.line, location.column)
    })
}

impl Cause {
    /// What keeps code from being compiled.
    pub(super) fn of_compilation(self) -> Self {
        match self {
            Self::Threw(mut thrown) => {
                // Whoever is used to ES modules.
                if thrown.message.contains("unsupported keyword: export") {
                    let mend = "an Action is a CommonJS module: write `exports.onExecutePostLogin = async (event, api) => { … }`";
                    thrown.message = format!("{}; {mend}", thrown.message);
                }
                Self::Syntax(thrown)
            }
            other => other,
        }
    }

    /// Where in the Action's code it failed, if that is known.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        match self {
            Self::StackOverflow(thrown) | Self::Syntax(thrown) | Self::Threw(thrown) => thrown.location,
            _ => None,
        }
    }
}
