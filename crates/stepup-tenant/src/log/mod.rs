//! The tenant log: what a request logs is gathered while it is answered and written in one piece; no answer goes out before
//! its events are in the store.

mod correlation;
mod trace;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use stepup_protocol::time::UnixTime;
use tokio::{sync::watch, time::timeout};

pub(crate) use self::{
    correlation::Correlation,
    trace::{RequestId, trace},
};
use crate::{
    model::{LogEvent, Step},
    store::{Store, StoreError},
};

/// The tenant log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log {
    store: Arc<dyn Store>,
    /// Changes with every write.
    written: watch::Sender<()>,
}

impl Log {
    /// A log in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, written: watch::Sender::new(()) }
    }

    /// Records `event`: with the others of the request that is being answered, or by itself and at once.
    pub async fn record(&self, event: LogEvent) {
        tracing::debug!(
            kind = event.kind,
            client_id = event.client_id,
            user_id = event.user_id,
            "tenant log"
        );
        match Correlation::current() {
            Some(request) => request.gather(event),
            None => self.write(&[event], None).await,
        }
    }

    /// Writes what a request has logged, and with it the request and its answer.
    pub(crate) async fn write(&self, events: &[LogEvent], step: Option<&Step>) {
        if events.is_empty() && step.is_none() {
            return;
        }
        if let Err(error) = self.store.append_log(events, step).await {
            tracing::error!(
                lost = events.len(),
                error = &error as &dyn std::error::Error,
                "the tenant log failed"
            );
        }
        self.written.send_replace(());
    }

    /// At most `limit` events, of one type if asked, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn read(&self, kind: Option<&str>, limit: u32) -> Result<Vec<LogEvent>, StoreError> {
        self.store.log(kind, limit).await
    }

    /// Says when something was written since this call.
    pub(crate) fn writes(&self) -> watch::Receiver<()> {
        self.written.subscribe()
    }

    /// The events recorded after this call, newest first; waits for the first of them, at most `wait` long.
    ///
    /// # Errors
    /// The store failed.
    pub async fn read_next(&self, kind: Option<&str>, wait: Duration) -> Result<Vec<LogEvent>, StoreError> {
        let known = self.newest().await?;
        self.read_after(&known, kind, wait).await
    }

    /// The id of the newest event; empty where there is none.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn newest(&self) -> Result<String, StoreError> {
        Ok(self.read(None, 1).await?.into_iter().next().map(|event| event.id).unwrap_or_default())
    }

    /// As [`Self::read_next`], of what was recorded after the event with the id `known`: at once where there is something.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn read_after(
        &self,
        known: &str,
        kind: Option<&str>,
        wait: Duration,
    ) -> Result<Vec<LogEvent>, StoreError> {
        let mut written = self.writes();
        let next = async {
            loop {
                written.mark_unchanged();
                let events = self.read(kind, 1000).await?;
                let new: Vec<_> = events.into_iter().take_while(|event| *event.id > *known).collect();
                if !new.is_empty() || written.changed().await.is_err() {
                    return Ok(new);
                }
            }
        };
        timeout(wait, next).await.unwrap_or(Ok(Vec::new()))
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
