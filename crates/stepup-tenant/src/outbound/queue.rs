//! Owed calls: made by one task, until they are taken or of no use any more.

use std::{collections::BTreeSet, error::Error, iter::successors, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use secrecy::ExposeSecret;
use stepup_protocol::time::UnixTime;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinSet,
};

use super::{CallError, Http, chain, signature};
use crate::{
    clock::VirtualClock,
    log::Log,
    model::{Call, LogEvent},
    store::{ClaimedCall, Store, StoreError},
};

/// The way to the task.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    store: Arc<dyn Store>,
    clock: VirtualClock,
    added: Arc<Notify>,
    drain: mpsc::Sender<oneshot::Sender<()>>,
}

impl Queue {
    pub(super) fn start(http: Http, store: Arc<dyn Store>, clock: VirtualClock, log: Log) -> Self {
        let added = Arc::new(Notify::new());
        let (drain, drains) = mpsc::channel(1);
        let caller = Caller { http, store: Arc::clone(&store), clock: clock.clone(), log };
        tokio::spawn(run(Arc::new(caller), Arc::clone(&added), drains));
        Self { store, clock, added, drain }
    }

    pub(super) async fn add(&self, call: &Call) -> Result<(), StoreError> {
        self.store.insert_call(call, self.clock.now()).await?;
        self.added.notify_one();
        Ok(())
    }

    pub(super) async fn drain(&self) {
        let (done, drained) = oneshot::channel();
        if self.drain.send(done).await.is_ok() {
            // An error says that the task is gone, and with it everything that could be waited for.
            let _ = drained.await;
        }
    }
}

/// Makes what is due, until it is told to drain; then makes all that is due once more and ends.
async fn run(caller: Arc<Caller>, added: Arc<Notify>, mut drains: mpsc::Receiver<oneshot::Sender<()>>) {
    let mut running = JoinSet::new();
    let mut under_way = BTreeSet::new();
    loop {
        let begun_at = caller.clock.now();
        caller.begin(begun_at, &mut running, &mut under_way).await;
        tokio::select! {
            Some(done) = running.join_next() => forget(&mut under_way, done),
            () = added.notified() => {}
            () = caller.next_due(begun_at) => {}
            drain = drains.recv() => {
                // None: nobody is left to wait.
                let Some(mut drained) = drain else { return };
                let all = async {
                    loop {
                        caller.begin(caller.clock.now(), &mut running, &mut under_way).await;
                        let Some(done) = running.join_next().await else { break };
                        forget(&mut under_way, done);
                    }
                };
                // What a receiver that answers nobody leaves over is there at the next start, where there is a file.
                tokio::select! {
                    () = all => {}
                    () = drained.closed() => {}
                }
                // Who waited may have gone.
                let _ = drained.send(());
                return;
            }
        }
    }
}

fn forget(under_way: &mut BTreeSet<String>, done: Result<String, tokio::task::JoinError>) {
    match done {
        Ok(id) => drop(under_way.remove(&id)),
        Err(error) => tracing::error!(%error, "a call of the tenant panicked"),
    }
}

struct Caller {
    http: Http,
    store: Arc<dyn Store>,
    clock: VirtualClock,
    log: Log,
}

impl Caller {
    /// Begins what is due at `now`, as far as there is room.
    async fn begin(
        self: &Arc<Self>,
        now: UnixTime,
        running: &mut JoinSet<String>,
        under_way: &mut BTreeSet<String>,
    ) {
        let room = u32::try_from(AT_ONCE.saturating_sub(running.len())).unwrap_or(0);
        if room == 0 {
            return;
        }
        let claimed = match self.store.claim_calls(now, now + LEASE, room).await {
            Ok(claimed) => claimed,
            Err(error) => return report(&error),
        };
        for claimed in claimed {
            // The clock may have been moved past the lease of a call that is still under way.
            if under_way.insert(claimed.call.id.clone()) {
                let caller = Arc::clone(self);
                running.spawn(async move {
                    if let Err(error) = caller.make(&claimed).await {
                        report(&error);
                    }
                    claimed.call.id
                });
            }
        }
    }

    /// Returns when a call is due later than `begun_at`, or when another process may have left one behind.
    async fn next_due(&self, begun_at: UnixTime) {
        let due = async {
            match self.store.next_call().await {
                Ok(Some(due)) => self.clock.reaches(due.max(begun_at + SECOND)).await,
                Ok(None) => std::future::pending::<()>().await,
                Err(error) => {
                    report(&error);
                    std::future::pending::<()>().await;
                }
            }
        };
        // Running into the time-out is what it is for.
        let _ = tokio::time::timeout(LOOK, due).await;
    }

    /// One attempt, and what follows from it.
    async fn make(&self, claimed: &ClaimedCall) -> Result<(), StoreError> {
        let ClaimedCall { call, attempt, last_error } = claimed;
        let now = self.clock.now();
        let verdict = if now > call.deadline {
            Verdict::Refused(match last_error {
                Some(error) => given_up(error, attempt.saturating_sub(1)),
                None => "it was of no use any more before it could be made".to_owned(),
            })
        } else {
            match request(call, now) {
                Ok(request) => judge(self.http.send(request).await),
                Err(error) => Verdict::Refused(error.to_string()),
            }
        };
        let now = self.clock.now();
        match verdict {
            Verdict::Taken => self.end(call, call.succeeded.as_ref(), None).await,
            Verdict::Refused(reason) => self.end(call, call.failed.as_ref(), Some(reason)).await,
            Verdict::Again { reason, after } => {
                let again = now + pause(*attempt).max(after);
                if again > call.deadline {
                    return self.end(call, call.failed.as_ref(), Some(given_up(&reason, *attempt))).await;
                }
                if call.is_message {
                    self.not_yet(call, *attempt, &reason).await?;
                }
                tracing::debug!(id = call.id, attempt, reason, "a call will be made again");
                self.store.postpone_call(&call.id, &reason, again).await
            }
        }
    }

    /// Somebody waits for a message: they are told at once, and not in minutes, when it is given up.
    async fn not_yet(&self, message: &Call, attempt: u32, reason: &str) -> Result<(), StoreError> {
        let reason = format!("{reason}; it will be tried again");
        if attempt == 1 {
            tracing::warn!(id = message.id, reason, "a message was not taken");
            self.record(message.failed.as_ref(), Some(&reason)).await;
        }
        self.store.mark_message(&message.id, Some(&reason)).await
    }

    async fn end(
        &self,
        call: &Call,
        event: Option<&LogEvent>,
        reason: Option<String>,
    ) -> Result<(), StoreError> {
        if let Some(reason) = &reason {
            tracing::warn!(id = call.id, reason, "a call was given up");
        }
        self.record(event, reason.as_deref()).await;
        if call.is_message {
            self.store.mark_message(&call.id, reason.as_deref()).await?;
        }
        self.store.delete_call(&call.id).await
    }

    async fn record(&self, event: Option<&LogEvent>, reason: Option<&str>) {
        let Some(event) = event else { return };
        let description = reason.map(str::to_owned).or_else(|| event.description.clone());
        self.log.record(LogEvent { date: self.clock.now(), description, ..event.clone() }).await;
    }
}

fn given_up(reason: &str, attempts: u32) -> String {
    format!("{reason}; given up after {attempts} attempt{}", if attempts == 1 { "" } else { "s" })
}

fn request(call: &Call, now: UnixTime) -> Result<Request<Bytes>, http::Error> {
    let body = call.body.expose_secret();
    let mut request = Request::post(&call.url)
        .header(header::CONTENT_TYPE, &call.content_type)
        .header("idempotency-key", &call.id);
    if let Some(secret) = &call.secret {
        let signature = signature::sign(secret.expose_secret(), body.as_bytes(), now);
        request = request.header(signature::HEADER, signature);
    }
    request.body(Bytes::copy_from_slice(body.as_bytes()))
}

/// What an attempt came to.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Taken,
    Refused(String),
    Again { reason: String, after: Duration },
}

fn judge(answered: Result<Response<Bytes>, CallError>) -> Verdict {
    match answered {
        Ok(answer) if answer.status().is_success() => Verdict::Taken,
        Ok(answer) => {
            let reason = format!("the answer was {}", answer.status());
            match answer.status() {
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                    Verdict::Again { reason, after: retry_after(&answer) }
                }
                status if status.is_server_error() => Verdict::Again { reason, after: retry_after(&answer) },
                _ => Verdict::Refused(reason),
            }
        }
        Err(error @ CallError::Http { .. }) if forbidden(&error).is_none() => {
            Verdict::Again { reason: chain(&error), after: Duration::ZERO }
        }
        Err(error) => Verdict::Refused(forbidden(&error).map_or_else(|| chain(&error), ToString::to_string)),
    }
}

/// The guard's refusal, where a name led to it.
fn forbidden<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a super::Forbidden> {
    successors(Some(error), |error| (*error).source()).find_map(|error| error.downcast_ref())
}

/// RFC 9110, section 10.2.3, in seconds; the date form is taken for no wish.
fn retry_after(answer: &Response<Bytes>) -> Duration {
    let seconds = answer.headers().get(header::RETRY_AFTER).map(HeaderValue::to_str);
    let seconds = seconds.and_then(Result::ok).and_then(|seconds| seconds.trim().parse().ok()).unwrap_or(0);
    Duration::from_secs(seconds).min(LONGEST_PAUSE)
}

/// How long to wait after the attempt with this number.
fn pause(attempt: u32) -> Duration {
    match attempt {
        0 | 1 => SECOND,
        2 => Duration::from_secs(3),
        3 => Duration::from_secs(10),
        4 => Duration::from_secs(30),
        5 => Duration::from_secs(60),
        _ => LONGEST_PAUSE,
    }
}

fn report(error: &StoreError) {
    tracing::error!(error = error as &dyn Error, "the calls that are owed could not be read or written");
}

/// Calls at once.
const AT_ONCE: usize = 16;
/// When a call that was begun is due again, whatever became of it: longer than an attempt may take.
const LEASE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// How often to look for what another process left behind.
const LOOK: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, retry_after: Option<&str>) -> Verdict {
        let mut answer = Response::builder().status(status);
        if let Some(value) = retry_after {
            answer = answer.header(header::RETRY_AFTER, value);
        }
        judge(Ok(answer.body(Bytes::new()).unwrap()))
    }

    #[test]
    fn an_answer_is_taken_refused_or_asked_for_again() {
        for status in [200, 202, 204] {
            assert_eq!(answered(status, None), Verdict::Taken);
        }
        for status in [301, 302, 307, 400, 401, 404, 410] {
            assert!(matches!(answered(status, None), Verdict::Refused(_)), "{status}");
        }
        for (status, header, after) in [
            (408, None, 0),
            (429, Some("7"), 7),
            (429, Some("Wed, 21 Oct 2015 07:28:00 GMT"), 0),
            (429, Some("-1"), 0),
            (500, None, 0),
            (503, Some("86400"), 120),
        ] {
            let Verdict::Again { after: waited, .. } = answered(status, header) else { panic!("{status}") };
            assert_eq!(waited.as_secs(), after, "{status} {header:?}");
        }
    }

    #[test]
    fn pauses_grow() {
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 60].map(|attempt| pause(attempt).as_secs()),
            [1, 3, 10, 30, 60, 120, 120]
        );
    }
}
