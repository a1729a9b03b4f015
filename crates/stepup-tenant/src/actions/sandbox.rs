//! A JavaScript runtime with the globals of an Action and `api` in it, ready for one execution.
//!
//! Making it is most of what an execution costs, and needs nothing of the Action: it is done ahead of time.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Instant};

use rquickjs::{Context, Ctx, Error, Function, Object, Persistent, Runtime};

use super::{
    Cause, Limits,
    cache::Cache,
    execution::evaluate,
    host::{self, Notes},
};

/// What an execution runs in; it stays on the thread that made it.
pub(super) struct Sandbox {
    /// What the scripts share; gone before its runtime is.
    pub(super) tenant: Persistent<Object<'static>>,
    pub(super) context: Context,
    pub(super) runtime: Runtime,
    pub(super) notes: Rc<Notes>,
    /// When whatever runs is interrupted; before there is an Action, never.
    pub(super) deadline: Rc<Cell<Option<Instant>>>,
    /// Whether it was.
    pub(super) late: Rc<Cell<bool>>,
    /// Whether the heap was nearly full.
    pub(super) crowded: Rc<Cell<bool>>,
}

impl Sandbox {
    /// # Errors
    /// The heap is too small for it, or the engine failed.
    pub(super) fn new(limits: Limits, cache: Arc<Cache>) -> Result<Self, Cause> {
        let failed = |error: Error| match error {
            Error::Allocation | Error::Exception => Cause::OutOfMemory { limit: limits.heap },
            other => Cause::Engine(other.to_string()),
        };
        let runtime = Runtime::new().map_err(failed)?;
        runtime.set_memory_limit(limits.heap);
        runtime.set_max_stack_size(limits.stack);
        let (deadline, late) = (Rc::new(Cell::new(None::<Instant>)), Rc::new(Cell::new(false)));
        let (due, was_late) = (Rc::clone(&deadline), Rc::clone(&late));
        runtime.set_interrupt_handler(Some(Box::new(move || {
            let is_due = due.get().is_some_and(|deadline| super::engine::now() >= deadline);
            was_late.set(was_late.get() || is_due);
            was_late.get()
        })));
        let context = Context::full(&runtime).map_err(failed)?;
        let crowded = Rc::new(Cell::new(false));
        context.with(|ctx| watch_heap(&ctx, &crowded)).map_err(failed)?;
        runtime.set_gc_threshold(limits.heap / 8 * 7);
        let notes = Notes::new(cache);
        // no script of ours throws, unless memory runs out
        let tenant = context.with(|ctx| tenant(&ctx, &notes)).map_err(failed)?;
        Ok(Self { tenant, context, runtime, notes, deadline, late, crowded })
    }
}

/// The globals and `api`; what comes out is what the scripts share.
fn tenant(ctx: &Ctx<'_>, notes: &Rc<Notes>) -> Result<Persistent<Object<'static>>, Error> {
    let environment: Function<'_> = evaluate(ctx, "stepup:environment", include_str!("js/environment.js"))?;
    let tenant: Object<'_> = environment.call((host::object(ctx, notes)?,))?;
    let api: Function<'_> = evaluate(ctx, "stepup:api", include_str!("js/api.js"))?;
    let () = api.call((tenant.clone(),))?;
    Ok(Persistent::save(ctx, tenant))
}

/// Tells when the heap was nearly full: leaves a function behind that only a collection frees, and there is none before.
fn watch_heap(ctx: &Ctx<'_>, crowded: &Rc<Cell<bool>>) -> Result<(), Error> {
    struct Canary(Rc<Cell<bool>>);
    impl Drop for Canary {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let canary = Canary(Rc::clone(crowded));
    let function = Function::new(ctx.clone(), move || canary.0.get())?;
    function.set("itself", function.clone())
}
