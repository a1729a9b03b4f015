//! Whether an Action can run at all, seen without a login.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use rquickjs::{Context, Error, Function, Runtime};
use serde_json::Value;
use stepup_protocol::time::UnixTime;

use super::{
    Action, Cause, Entry, Host, Limits,
    engine::{self, GRACE, NATIVE_STACK},
    exception::{self, Source},
    execution::{AFTER, BEFORE, Execution, evaluate},
    host::Console,
    sandbox::Sandbox,
};

/// Compiles `action`; nothing of it runs.
///
/// ```
/// use stepup_tenant::actions::{Action, check};
///
/// assert!(check(&Action::new("good", "exports.onExecutePostLogin = async () => {}")).is_ok());
/// let cause = check(&Action::new("bad", "let a = 1;\nlet b = ;")).unwrap_err();
/// assert_eq!(cause.location().unwrap().line, 2);
/// ```
///
/// # Errors
/// [`Cause::Syntax`] with its place, or what else keeps it from being compiled.
pub fn check(action: &Action) -> Result<(), Cause> {
    let limits = Limits::default();
    let engine = |error: Error| Cause::Engine(error.to_string());
    let runtime = Runtime::new().map_err(engine)?;
    runtime.set_memory_limit(limits.heap);
    runtime.set_max_stack_size(limits.stack);
    let context = Context::full(&runtime).map_err(engine)?;
    context.with(|ctx| {
        // The wrapper makes a function of the code; nobody calls it.
        let wrapped = format!("{BEFORE}{}{AFTER}", action.code);
        match evaluate::<Function<'_>>(&ctx, &action.name, wrapped) {
            Ok(_) => Ok(()),
            Err(error) => {
                let source = Source {
                    file: &action.name,
                    code: &action.code,
                    indent: u32::try_from(BEFORE.len()).unwrap_or(u32::MAX),
                };
                Err(exception::cause(&ctx, &error, source, limits.heap).of_compilation())
            }
        }
    })
}

/// How long the top level of a module may run here: it has little to do.
const LOADING: Duration = Duration::from_secs(1);

/// Loads `action` as a login does: its top level runs, and its handler is looked for.
///
/// # Errors
/// [`Cause::NoHandler`], or what its top level fails with.
pub(crate) fn load(action: &Action) -> Result<(), Cause> {
    let limits = Limits { time: LOADING, ..Limits::default() };
    let execution = Execution {
        action: action.clone(),
        entry: Entry::PostLogin,
        event: Value::Object(serde_json::Map::new()),
        issuer: None,
        host: Host { now: UnixTime::from_seconds(0), seed: [0; 32] },
        limits,
        console: Console::default(),
        time: LOADING,
        deadline: engine::now() + LOADING,
    };
    let (answer, answered) = mpsc::channel();
    let loads = move || {
        let loaded = Sandbox::new(limits, Arc::default()).and_then(|sandbox| execution.load(&sandbox));
        // nobody waits for what takes too long
        drop(answer.send(loaded));
    };
    thread::Builder::new()
        .name("action".to_owned())
        .stack_size(limits.stack + NATIVE_STACK)
        .spawn(loads)
        .map_err(|error| Cause::Engine(format!("no thread for it: {error}")))?;
    answered.recv_timeout(LOADING + GRACE).unwrap_or(Err(Cause::TimedOut { limit: LOADING }))
}
