//! Whether an Action is JavaScript at all: it is compiled, and nothing of it runs.

use rquickjs::{Context, Error, Function, Runtime};

use super::{
    Action, Cause, Limits,
    exception::{self, Source},
    execution::{AFTER, BEFORE, evaluate},
};

/// Compiles `action`.
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
                Err(match exception::cause(&ctx, &error, source, limits.heap) {
                    Cause::Threw(thrown) => Cause::Syntax(thrown),
                    other => other,
                })
            }
        }
    })
}
