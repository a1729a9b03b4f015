//! One execution, in a runtime that was made ready for it alone and is thrown away after it, whatever happened in between.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rquickjs::{Ctx, Error, FromJs, Function, Object, Persistent, Promise, Runtime, context::EvalOptions};
use serde_json::Value;

use super::{
    Action, Cause, Entry, Host, Limits, Outcome,
    exception::{self, Source},
    host::Console,
    sandbox::Sandbox,
};

/// The CommonJS wrapper. It adds nothing before the code but on its first line, so that lines are the person's own.
pub(super) const BEFORE: &str = "(function (exports, require, module, __filename, __dirname) {";
pub(super) const AFTER: &str = "\n})";

/// What is executed; `event` holds secrets, so there is no `Debug`.
pub(super) struct Execution {
    pub(super) action: Action,
    pub(super) entry: Entry,
    /// `event`, secrets included.
    pub(super) event: Value,
    /// Host and port of the tenant, where there is one.
    pub(super) issuer: Option<Arc<str>>,
    pub(super) host: Host,
    pub(super) limits: Limits,
    pub(super) console: Console,
    /// How long it may run.
    pub(super) time: Duration,
    /// When it is interrupted.
    pub(super) deadline: Instant,
}

impl Execution {
    /// Runs to the end in `sandbox`, on the thread that made it.
    pub(super) fn run(&self, sandbox: &Sandbox) -> Result<Outcome, Cause> {
        sandbox.deadline.set(Some(self.deadline));
        sandbox.notes.begin(self.host, self.console.clone());
        let result = self.run_in(sandbox);
        if sandbox.late.get() {
            return Err(Cause::TimedOut { limit: self.time });
        }
        let crowded = sandbox.crowded.get();
        match result {
            // Where memory ran out, the engine throws `null` for want of an error, or loses a job that others wait for.
            Err(Cause::NeverSettles) if crowded => Err(Cause::OutOfMemory { limit: self.limits.heap }),
            Err(Cause::Threw(thrown)) if crowded && thrown.is_null => {
                Err(Cause::OutOfMemory { limit: self.limits.heap })
            }
            result => result.map(|()| sandbox.notes.take_outcome()),
        }
    }

    /// Loads the module in `sandbox`, and calls nothing of it.
    pub(super) fn load(&self, sandbox: &Sandbox) -> Result<(), Cause> {
        sandbox.deadline.set(Some(self.deadline));
        sandbox.notes.begin(self.host, self.console.clone());
        let loaded = sandbox.context.with(|ctx| {
            let tenant = self.enter(&ctx, sandbox)?;
            self.handler(&ctx, &tenant).map(drop)
        });
        if sandbox.late.get() { Err(Cause::TimedOut { limit: self.time }) } else { loaded }
    }

    fn run_in(&self, sandbox: &Sandbox) -> Result<(), Cause> {
        let started = sandbox.context.with(|ctx| self.start(&ctx, sandbox))?;
        loop {
            while self.run_job(&sandbox.runtime)? {
                // the interrupt handler looks at the clock within a job only, and jobs may beget jobs for ever
                if super::engine::now() >= self.deadline {
                    return Err(Cause::TimedOut { limit: self.time });
                }
            }
            if sandbox.context.with(|ctx| self.is_settled(&ctx, &started))? {
                return Ok(());
            }
        }
    }

    /// Tells the scripts what the execution is about; what comes out is what they share.
    fn enter<'js>(&self, ctx: &Ctx<'js>, sandbox: &Sandbox) -> Result<Object<'js>, Cause> {
        let failed = |error: Error| self.cause_of_ours(ctx, &error);
        let tenant = sandbox.tenant.clone().restore(ctx).map_err(failed)?;
        let host: Object<'_> = tenant.get("host").map_err(failed)?;
        host.set("now", self.host.now.milliseconds() as f64).map_err(failed)?;
        host.set("entry", self.entry.function()).map_err(failed)?;
        if let Some(issuer) = self.issuer.as_deref() {
            host.set("issuer", issuer).map_err(failed)?;
        }
        let event = ctx.json_parse(self.event.to_string()).map_err(failed)?;
        tenant.set("event", event).map_err(failed)?;
        Ok(tenant)
    }

    /// Everything up to the handler's first `await`.
    fn start(&self, ctx: &Ctx<'_>, sandbox: &Sandbox) -> Result<Started, Cause> {
        let failed = |error: Error| self.cause_of_ours(ctx, &error);
        let tenant = self.enter(ctx, sandbox)?;
        let handler = self.handler(ctx, &tenant)?;
        let start: Function<'_> = tenant.get("start").map_err(failed)?;
        let promise: Promise<'_> = start.call((handler,)).map_err(failed)?;
        Ok(Started { promise: Persistent::save(ctx, promise), tenant: Persistent::save(ctx, tenant) })
    }

    /// Compiles the module, runs its top level and takes the handler from its exports.
    fn handler<'js>(&self, ctx: &Ctx<'js>, tenant: &Object<'js>) -> Result<Function<'js>, Cause> {
        let failed = |error: Error| self.cause(ctx, &error);
        let name = &*self.action.name;
        let wrapped = format!("{BEFORE}{}{AFTER}", self.action.code);
        let module: Function<'js> =
            evaluate(ctx, name, wrapped).map_err(|error| self.cause_of_ours(ctx, &error).of_compilation())?;
        let (object, exports) = (Object::new(ctx.clone()), Object::new(ctx.clone()));
        let (object, exports) = (object.map_err(failed)?, exports.map_err(failed)?);
        object.set("exports", exports.clone()).map_err(failed)?;
        let require: Function<'js> = tenant.get("require").map_err(failed)?;
        let () = module.call((exports, require, object.clone(), name, "/")).map_err(failed)?;
        let exports: rquickjs::Value<'js> = object.get("exports").map_err(failed)?;
        let no_handler = || Cause::NoHandler(self.entry);
        let handler: rquickjs::Value<'js> =
            exports.as_object().ok_or_else(no_handler)?.get(self.entry.function()).map_err(failed)?;
        handler.into_function().ok_or_else(no_handler)
    }

    /// Runs one job; false where none is left. An error within an `async` function rejects its promise, and what comes
    /// out here is what no promise can hold: interrupts, and memory that runs out between two functions.
    fn run_job(&self, runtime: &Runtime) -> Result<bool, Cause> {
        runtime
            .execute_pending_job()
            .map_err(|exception| exception.0.with(|ctx| self.cause(&ctx, &Error::Exception)))
    }

    /// Whether the handler is done, now that no job is left; if it is not, the next timer is due.
    fn is_settled(&self, ctx: &Ctx<'_>, started: &Started) -> Result<bool, Cause> {
        let failed = |error: Error| self.cause(ctx, &error);
        let promise = started.promise.clone().restore(ctx).map_err(failed)?;
        if let Some(result) = promise.result::<rquickjs::Value<'_>>() {
            return result.map(|_| true).map_err(failed);
        }
        let tenant = started.tenant.clone().restore(ctx).map_err(failed)?;
        let is_loaded: Function<'_> = tenant.get("isLoaded").map_err(failed)?;
        let has_timers: bool = is_loaded.call(("timers",)).map_err(failed)?;
        if !has_timers {
            return Err(Cause::NeverSettles);
        }
        let library: Function<'_> = tenant.get("library").map_err(failed)?;
        let timers: Object<'_> = library.call(("timers",)).map_err(failed)?;
        let next: Function<'_> = timers.get("next").map_err(failed)?;
        let due: f64 = next.call(()).map_err(failed)?;
        if due < 0.0 {
            return Err(Cause::NeverSettles);
        }
        if due > self.time.as_secs_f64() * 1000.0 {
            return Err(Cause::TimedOut { limit: self.time });
        }
        let fire: Function<'_> = timers.get("fire").map_err(failed)?;
        let () = fire.call(()).map_err(failed)?;
        Ok(false)
    }

    fn cause(&self, ctx: &Ctx<'_>, error: &Error) -> Cause {
        let source = Source {
            file: &self.action.name,
            code: &self.action.code,
            indent: u32::try_from(BEFORE.len()).unwrap_or(u32::MAX),
        };
        exception::cause(ctx, error, source, self.limits.heap)
    }

    /// As [`Self::cause`], where nothing of the Action has run: no code of ours throws `null`.
    fn cause_of_ours(&self, ctx: &Ctx<'_>, error: &Error) -> Cause {
        match self.cause(ctx, error) {
            Cause::Threw(thrown) if thrown.is_null => Cause::OutOfMemory { limit: self.limits.heap },
            other => other,
        }
    }
}

/// A handler under way, and what its scripts share.
struct Started {
    promise: Persistent<Promise<'static>>,
    tenant: Persistent<Object<'static>>,
}

/// The value of a script; `file` is what its stack frames say.
pub(super) fn evaluate<'js, T: FromJs<'js>>(
    ctx: &Ctx<'js>,
    file: &str,
    script: impl Into<Vec<u8>>,
) -> Result<T, Error> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(file.to_owned());
    ctx.eval_with_options(script, options)
}
