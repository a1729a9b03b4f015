//! The tenant log: handlers hand events over and go on; one task writes them, and no answer goes out before its events
//! are in the store.
//!
//! The writer takes whatever has come while it wrote the last batch: many requests at once share a commit, and one alone
//! waits for nobody.

mod correlation;
mod trace;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use stepup_protocol::time::UnixTime;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

pub(crate) use self::{
    correlation::Correlation,
    trace::{RequestId, trace},
};
use crate::{
    model::{LogEvent, Step},
    store::{Store, StoreError},
};

/// The way to the tenant log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log {
    queue: mpsc::Sender<Entry>,
    /// How many entries were handed over.
    handed_over: Arc<AtomicU64>,
    /// How many of them have been written.
    written: watch::Receiver<u64>,
    store: Arc<dyn Store>,
}

#[derive(Debug)]
enum Entry {
    Event(Box<LogEvent>),
    Step(Box<Step>),
}

impl Log {
    /// A log in `store`, with its writer running; must be called within a runtime.
    #[must_use]
    pub fn start(store: Arc<dyn Store>) -> Self {
        let (queue, entries) = mpsc::channel(QUEUED);
        let (count, written) = watch::channel(0);
        tokio::spawn(write(Arc::clone(&store), entries, count));
        Self { queue, handed_over: Arc::default(), written, store }
    }

    /// Hands `event` over, as one of the request that is being answered; waits only while the queue is full.
    pub async fn record(&self, mut event: LogEvent) {
        if let Some(request) = Correlation::current() {
            event.request_id.get_or_insert_with(|| request.request_id().to_owned());
            event.transaction_id = event.transaction_id.or_else(|| request.known().map(str::to_owned));
        }
        tracing::debug!(
            kind = event.kind,
            client_id = event.client_id,
            user_id = event.user_id,
            "tenant log"
        );
        self.hand_over(Entry::Event(Box::new(event))).await;
    }

    /// Hands over a request and its answer.
    pub(crate) async fn record_step(&self, step: Step) {
        self.hand_over(Entry::Step(Box::new(step))).await;
    }

    async fn hand_over(&self, entry: Entry) {
        match self.queue.reserve().await {
            Ok(place) => {
                // Counted only now: who goes away while waiting for a place leaves nothing behind that others wait for.
                self.handed_over.fetch_add(1, Ordering::SeqCst);
                place.send(entry);
            }
            Err(_) => tracing::error!("a log event came after the log had stopped"),
        }
    }

    /// Returns once everything that was handed over is in the store.
    pub async fn flush(&self) {
        let all = self.handed_over.load(Ordering::SeqCst);
        // An error says that the writer is gone, and with it everything that could be waited for.
        let _ = self.written.clone().wait_for(|written| *written >= all).await;
    }

    /// At most `limit` events, of one type if asked, newest first, everything recorded so far included.
    ///
    /// # Errors
    /// The store failed.
    pub async fn read(&self, kind: Option<&str>, limit: u32) -> Result<Vec<LogEvent>, StoreError> {
        self.flush().await;
        self.store.log(kind, limit).await
    }

    /// The events recorded after this call, newest first; waits for the first of them, at most `wait` long.
    ///
    /// # Errors
    /// The store failed.
    pub async fn read_next(&self, kind: Option<&str>, wait: Duration) -> Result<Vec<LogEvent>, StoreError> {
        let known = self.read(None, 1).await?.first().map(|event| event.id.clone()).unwrap_or_default();
        let mut written = self.written.clone();
        let next = async {
            loop {
                written.mark_unchanged();
                let events = self.read(kind, 1000).await?;
                let new: Vec<_> = events.into_iter().take_while(|event| event.id > known).collect();
                if !new.is_empty() || written.changed().await.is_err() {
                    return Ok(new);
                }
            }
        };
        timeout(wait, next).await.unwrap_or(Ok(Vec::new()))
    }
}

async fn write(store: Arc<dyn Store>, mut entries: mpsc::Receiver<Entry>, count: watch::Sender<u64>) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let taken = entries.recv_many(&mut batch, BATCH).await;
        if taken == 0 {
            return;
        }
        let (mut events, mut steps) = (Vec::with_capacity(taken), Vec::with_capacity(taken));
        for entry in batch.drain(..) {
            match entry {
                Entry::Event(event) => events.push(*event),
                Entry::Step(step) => steps.push(*step),
            }
        }
        if let Err(error) = store.append_log(&events, &steps).await {
            tracing::error!(
                lost = events.len(),
                error = &error as &dyn std::error::Error,
                "the tenant log failed"
            );
        }
        count.send_modify(|count| *count += taken as u64);
    }
}

/// The event in Auth0's shape, as `GET /api/v2/logs` and the control API give it.
#[must_use]
pub fn to_json(event: &LogEvent) -> Value {
    let mut shape = Map::from_iter([
        ("date".to_owned(), json!(rfc3339(event.date))),
        ("log_id".to_owned(), json!(event.id)),
        ("_id".to_owned(), json!(event.id)),
        ("type".to_owned(), json!(event.kind)),
        ("isMobile".to_owned(), json!(false)),
    ]);
    let optional = [
        ("description", &event.description),
        ("client_id", &event.client_id),
        ("client_name", &event.client_name),
        ("user_id", &event.user_id),
        ("user_name", &event.user_name),
        ("connection", &event.connection),
        ("audience", &event.audience),
        ("scope", &event.scope),
        ("ip", &event.ip),
        ("user_agent", &event.user_agent),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            shape.insert(name.to_owned(), json!(value));
        }
    }
    if let Some(details) = &event.details {
        shape.insert("details".to_owned(), details.clone());
    }
    for (name, id) in [("request_id", &event.request_id), ("transaction_id", &event.transaction_id)] {
        let Some(id) = id else { continue };
        let details = shape.entry("details").or_insert_with(|| json!({}));
        if let Some(details) = details.as_object_mut() {
            details.insert(name.to_owned(), json!(id));
        }
    }
    Value::Object(shape)
}

/// A time as `2026-01-01T00:00:00.000Z`.
#[must_use]
pub fn rfc3339(time: UnixTime) -> String {
    let timestamp = Timestamp::from_second(time.seconds()).unwrap_or_default();
    timestamp.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// How many events may wait; enough for half a second at full speed.
const QUEUED: usize = 4096;
/// How many are written at once.
const BATCH: usize = 512;
