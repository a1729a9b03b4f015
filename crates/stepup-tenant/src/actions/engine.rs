//! Executions: one thread each, at most so many at once, none waited for longer than it may take.
//!
//! A thread whose execution is over makes ready what the next one runs in, and waits for it: one at a time does.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout,
};

use super::{
    Action, ActionError, Cause, Entry, Host, Location, Outcome,
    cache::Cache,
    execution::Execution,
    host::Console,
    sandbox::Sandbox,
    shares::{Held, Shares},
};

/// How much longer than the Action may run the caller waits: an interrupt takes effect between two steps of a script.
pub(super) const GRACE: Duration = Duration::from_millis(100);

/// Bytes of a thread's stack beside the JavaScript stack: for the engine's own calls, which it does not count.
pub(super) const NATIVE_STACK: usize = 1 << 20;

/// Characters of a line of code that an error repeats.
const LONGEST_LINE: usize = 200;

/// What an execution may use.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of JavaScript heap; default 8 MiB. It bounds native work too, which no timer interrupts.
    pub heap: usize,
    /// Bytes of JavaScript stack; default 256 KiB.
    pub stack: usize,
    /// How long one execution may run, in real time; default 20 s, as long as the real service lets a whole flow take.
    pub time: Duration,
    /// How many executions there may be at once, those given up included; default 16. One user has a quarter of these places,
    /// one at least.
    pub concurrent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { heap: 8 << 20, stack: 256 << 10, time: Duration::from_secs(20), concurrent: 16 }
    }
}

/// Runs Actions.
///
/// One engine serves a tenant. It keeps nothing between executions but `api.cache`.
#[derive(Debug)]
pub struct Engine {
    limits: Limits,
    cache: Arc<Cache>,
    issuer: Option<Arc<str>>,
    places: Arc<Semaphore>,
    shares: Arc<Shares>,
    given_up: AtomicUsize,
    waiting: Arc<Waiting>,
}

/// The way to the thread that waits for the next execution, if one does.
type Waiting = Mutex<Option<mpsc::Sender<Job>>>;

/// An execution for a thread.
struct Job {
    execution: Box<Execution>,
    started: Instant,
    place: Place,
    answer: oneshot::Sender<Result<Outcome, Cause>>,
}

/// Where an execution runs; given back when dropped.
type Place = (Option<Held>, OwnedSemaphorePermit);

impl Engine {
    /// An engine with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let places = Arc::new(Semaphore::new(limits.concurrent.clamp(1, Semaphore::MAX_PERMITS)));
        Self {
            limits,
            cache: Arc::default(),
            issuer: None,
            places,
            shares: Shares::of(limits.concurrent),
            given_up: AtomicUsize::new(0),
            waiting: Arc::default(),
        }
    }

    /// The same for a tenant at `domain`, host and port: `iss` of the tokens that `api.redirect.encodeToken` makes. Without
    /// it that is the host that the event says was asked.
    #[must_use]
    pub fn of_tenant(self, domain: &str) -> Self {
        Self { issuer: Some(domain.into()), ..self }
    }

    /// Runs `entry` of `action` with `event`: an object as the post-login trigger describes it, to which `secrets` is added.
    ///
    /// Returns at the latest when the time limit, doubled, is over: where as many Actions as are allowed are running, in all or
    /// for the user with the event's `user.user_id`, it waits for a place first. An execution that no interrupt stops, because
    /// it is inside native code, is given up: its thread ends by itself later, and keeps its place until then.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), stepup_tenant::actions::ActionError> {
    /// use stepup_protocol::time::UnixTime;
    /// use stepup_tenant::actions::{Action, Engine, Entry, Host, Limits};
    ///
    /// let engine = Engine::new(Limits::default());
    /// let action = Action::new("refuse", "exports.onExecutePostLogin = async (event, api) => api.access.deny('closed')");
    /// let host = Host { now: UnixTime::from_seconds(1_767_225_600), seed: [7; 32] };
    /// let outcome = engine.run(&action, Entry::PostLogin, serde_json::json!({}), host).await?;
    /// assert_eq!(outcome.denial.unwrap().reason, "closed");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ActionError`] when the Action did not finish; whatever it decided until then is dropped, except for `api.cache`.
    pub async fn run(
        &self,
        action: &Action,
        entry: Entry,
        event: Value,
        host: Host,
    ) -> Result<Outcome, ActionError> {
        self.run_within(self.limits.time, action, entry, event, host).await
    }

    /// As [`Self::run`], with no more than `time` to run in.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_within(
        &self,
        time: Duration,
        action: &Action,
        entry: Entry,
        event: Value,
        host: Host,
    ) -> Result<Outcome, ActionError> {
        let console = Console::default();
        let began = now();
        match self.execute(time, action, entry, event, host, &console).await {
            Ok(outcome) => Ok(Outcome { console: console.take(), ..outcome }),
            Err(cause) => Err(ActionError {
                action: action.name.to_string(),
                line: cause.location().and_then(|location| line_of(&action.code, location)),
                cause,
                console: console.take(),
                duration: began.elapsed(),
            }),
        }
    }

    /// How many executions are under way, those given up included.
    #[must_use]
    pub fn running(&self) -> usize {
        self.limits.concurrent.saturating_sub(self.places.available_permits())
    }

    /// How many executions were given up since the start, because nothing stopped them in time.
    #[must_use]
    pub fn given_up(&self) -> usize {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Waits until no execution is under way.
    pub async fn idle(&self) {
        let all = u32::try_from(self.limits.concurrent.max(1)).unwrap_or(u32::MAX);
        // the semaphore is never closed; were it, nothing would be under way
        drop(self.places.acquire_many(all).await);
    }

    /// Empties `api.cache`.
    pub fn clear_cache(&self) {
        self.cache.clear();
    }

    async fn execute(
        &self,
        time: Duration,
        action: &Action,
        entry: Entry,
        event: Value,
        host: Host,
        console: &Console,
    ) -> Result<Outcome, Cause> {
        let place = self.place(time, &event).await?;
        let (answer, answered) = oneshot::channel();
        let started = now();
        let execution = Box::new(Execution {
            action: action.clone(),
            entry,
            event: with_secrets(event, action),
            issuer: self.issuer.clone(),
            host,
            limits: self.limits,
            console: console.clone(),
            time,
            deadline: started + time,
        });
        self.hand_over(Job { execution, started, place, answer })?;
        match timeout(time + GRACE, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Cause::Engine("its thread ended without an answer".to_owned())),
            Err(_) => {
                self.given_up.fetch_add(1, Ordering::Relaxed);
                Err(Cause::TimedOut { limit: time })
            }
        }
    }

    /// Waits for a place, no longer than `time`: first in the share of the event's user, so that whoever waits for their own
    /// Actions takes no place meanwhile.
    async fn place(&self, time: Duration, event: &Value) -> Result<Place, Cause> {
        let began = now();
        let share = match event.pointer("/user/user_id").and_then(Value::as_str) {
            Some(user) => Some(
                timeout(time, self.shares.take(user))
                    .await
                    .map_err(|_| Cause::UserBusy { running: self.shares.each() })?,
            ),
            None => None,
        };
        let left = time.saturating_sub(began.elapsed());
        match timeout(left, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok((share, place)),
            _ => Err(Cause::Busy { running: self.limits.concurrent }),
        }
    }

    /// Gives `job` to the thread that waits, or to a new one.
    fn hand_over(&self, job: Job) -> Result<(), Cause> {
        let waiting = lock(&self.waiting).take();
        let job = match waiting {
            Some(thread) => match thread.send(job) {
                Ok(()) => return Ok(()),
                Err(mpsc::SendError(job)) => job,
            },
            None => job,
        };
        let (limits, cache, waiting) = (self.limits, Arc::clone(&self.cache), Arc::downgrade(&self.waiting));
        thread::Builder::new()
            .name("action".to_owned())
            .stack_size(limits.stack + NATIVE_STACK)
            .spawn(move || work(limits, &cache, &waiting, job))
            .map(drop)
            .map_err(|error| Cause::Engine(format!("no thread for it: {error}")))
    }
}

/// Runs `first`, and then whatever comes for as long as it is the thread that waits.
fn work(limits: Limits, cache: &Arc<Cache>, waiting: &Weak<Waiting>, first: Job) {
    let sandbox = || Sandbox::new(limits, Arc::clone(cache));
    run(first, sandbox());
    while let Some(jobs) = waiting.upgrade().and_then(|waiting| wait(&waiting)) {
        let sandbox = sandbox();
        // an error says that the engine is gone
        let Ok(job) = jobs.recv() else { return };
        run(job, sandbox);
    }
}

/// Runs `job`, and answers before it frees what it ran in.
fn run(job: Job, sandbox: Result<Sandbox, Cause>) {
    let Job { execution, started, place, answer } = job;
    let result = sandbox.as_ref().map_err(Clone::clone).and_then(|sandbox| execution.run(sandbox));
    // a caller that went away wants no answer
    drop(answer.send(result.map(|outcome| Outcome { duration: started.elapsed(), ..outcome })));
    drop((sandbox, place));
}

/// Becomes the thread that waits, unless another one does.
fn wait(waiting: &Waiting) -> Option<mpsc::Receiver<Job>> {
    let mut waiting = lock(waiting);
    if waiting.is_some() {
        return None;
    }
    let (sender, jobs) = mpsc::channel();
    *waiting = Some(sender);
    Some(jobs)
}

fn lock(waiting: &Waiting) -> MutexGuard<'_, Option<mpsc::Sender<Job>>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn line_of(code: &str, location: Location) -> Option<String> {
    let index = usize::try_from(location.line).ok()?.checked_sub(1)?;
    code.lines().nth(index).map(|line| line.chars().take(LONGEST_LINE).collect())
}

/// Time as it passes for a thread that runs: limits are about this, not about the tenant's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "an Action is limited in real time, whatever the tenant's clock says"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

fn with_secrets(event: Value, action: &Action) -> Value {
    let mut event = match event {
        Value::Object(event) => event,
        _ => Map::new(),
    };
    let secrets = action.secrets.iter().map(|(name, secret)| (name.clone(), secret.expose_secret().into()));
    event.insert("secrets".to_owned(), Value::Object(secrets.collect()));
    Value::Object(event)
}
