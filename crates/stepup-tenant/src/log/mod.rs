//! The tenant log: what a request logs is gathered while it is answered and handed over in one piece; one task writes,
//! and no answer goes out before its events are in the store.
//!
//! The writer takes whatever has come while it wrote before: many requests at once share a commit, and one alone waits
//! for nobody.

mod correlation;
mod trace;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use stepup_protocol::time::UnixTime;
use tokio::{
    sync::{mpsc, oneshot, watch},
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
    /// Changes with every write.
    written: watch::Receiver<()>,
    store: Arc<dyn Store>,
}

/// What is written together.
#[derive(Debug, Default)]
struct Entry {
    events: Vec<LogEvent>,
    step: Option<Step>,
    /// Whoever waits until it is written.
    waits: Option<oneshot::Sender<()>>,
}

impl Log {
    /// A log in `store`, with its writer running; must be called within a runtime.
    #[must_use]
    pub fn start(store: Arc<dyn Store>) -> Self {
        let (queue, entries) = mpsc::channel(QUEUED);
        let (changes, written) = watch::channel(());
        tokio::spawn(write(Arc::clone(&store), entries, changes));
        Self { queue, written, store }
    }

    /// Records `event`: with the others of the request that is being answered, or by itself; then it waits only while the
    /// queue is full.
    pub async fn record(&self, event: LogEvent) {
        tracing::debug!(
            kind = event.kind,
            client_id = event.client_id,
            user_id = event.user_id,
            "tenant log"
        );
        match Correlation::current() {
            Some(request) => request.gather(event),
            None => self.hand_over(Entry { events: vec![event], ..Entry::default() }).await,
        }
    }

    /// Writes what a request has logged, and with it the request and its answer. Returns once it is in the store.
    pub(crate) async fn write(&self, events: Vec<LogEvent>, step: Option<Step>) {
        if events.is_empty() && step.is_none() {
            return;
        }
        let (writer, written) = oneshot::channel();
        self.hand_over(Entry { events, step, waits: Some(writer) }).await;
        // An error says that the writer is gone, and with it everything that could be waited for.
        let _ = written.await;
    }

    /// Returns once everything that was handed over is in the store.
    pub async fn flush(&self) {
        let (writer, written) = oneshot::channel();
        self.hand_over(Entry { waits: Some(writer), ..Entry::default() }).await;
        let _ = written.await;
    }

    async fn hand_over(&self, entry: Entry) {
        if self.queue.send(entry).await.is_err() {
            tracing::error!("a log event came after the log had stopped");
        }
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

async fn write(store: Arc<dyn Store>, mut entries: mpsc::Receiver<Entry>, changes: watch::Sender<()>) {
    let mut batch = Vec::with_capacity(BATCH);
    while entries.recv_many(&mut batch, BATCH).await > 0 {
        let (mut events, mut steps, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for entry in batch.drain(..) {
            events.extend(entry.events);
            steps.extend(entry.step);
            waiting.extend(entry.waits);
        }
        if !(events.is_empty() && steps.is_empty()) {
            if let Err(error) = store.append_log(&events, &steps).await {
                tracing::error!(
                    lost = events.len(),
                    error = &error as &dyn std::error::Error,
                    "the tenant log failed"
                );
            }
            changes.send_replace(());
        }
        for waits in waiting {
            // whoever waited may have gone away
            let _ = waits.send(());
        }
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

/// How many entries may wait; enough for half a second at full speed.
const QUEUED: usize = 4096;
/// How many are written at once.
const BATCH: usize = 512;
