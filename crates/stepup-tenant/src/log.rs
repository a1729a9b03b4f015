//! The tenant log: handlers hand events over and go on; one task writes them in batches.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use stepup_protocol::time::UnixTime;
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::timeout,
};

use crate::{
    model::LogEvent,
    store::{Store, StoreError},
};

/// The way to the tenant log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log {
    queue: mpsc::Sender<Entry>,
    /// Somebody waits for what is queued.
    hurry: Arc<Notify>,
    written: watch::Receiver<u64>,
    store: Arc<dyn Store>,
}

#[derive(Debug)]
enum Entry {
    Event(Box<LogEvent>),
    /// Answered once everything before it is in the store.
    Flush(oneshot::Sender<()>),
}

impl Log {
    /// A log in `store`, with its writer running; must be called within a runtime.
    #[must_use]
    pub fn start(store: Arc<dyn Store>) -> Self {
        let (queue, entries) = mpsc::channel(QUEUED);
        let (count, written) = watch::channel(0);
        let hurry = Arc::new(Notify::new());
        tokio::spawn(write(Arc::clone(&store), entries, Arc::clone(&hurry), count));
        Self { queue, hurry, written, store }
    }

    /// Hands `event` over; waits only while the queue is full.
    pub async fn record(&self, event: LogEvent) {
        tracing::debug!(
            kind = event.kind,
            client_id = event.client_id,
            user_id = event.user_id,
            "tenant log"
        );
        if self.queue.send(Entry::Event(Box::new(event))).await.is_err() {
            tracing::error!("a log event came after the log had stopped");
        }
    }

    /// Returns once everything that was recorded is in the store.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.queue.send(Entry::Flush(done)).await.is_ok() {
            self.hurry.notify_one();
            // An error says that the writer is gone, and with it everything that could be waited for.
            let _ = flushed.await;
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

async fn write(
    store: Arc<dyn Store>,
    mut entries: mpsc::Receiver<Entry>,
    hurry: Arc<Notify>,
    count: watch::Sender<u64>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(first) = entries.recv().await {
        // Waking up for each event would cost a busy tenant more than writing it; who reads the log does not wait.
        let _ = timeout(GATHERED, hurry.notified()).await;
        batch.push(first);
        while batch.len() < BATCH
            && let Ok(entry) = entries.try_recv()
        {
            batch.push(entry);
        }
        let mut flushes = Vec::new();
        let mut events = Vec::with_capacity(batch.len());
        for entry in batch.drain(..) {
            match entry {
                Entry::Event(event) => events.push(*event),
                Entry::Flush(done) => flushes.push(done),
            }
        }
        if !events.is_empty() {
            if let Err(error) = store.append_log(&events).await {
                tracing::error!(
                    lost = events.len(),
                    error = &error as &dyn std::error::Error,
                    "the tenant log failed"
                );
            }
            count.send_modify(|count| *count += 1);
        }
        for done in flushes {
            // Whoever asked may have gone away.
            let _ = done.send(());
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
/// How long the first event of a batch waits for others.
const GATHERED: Duration = Duration::from_millis(20);
