//! What went over the wire, secrets and all, for tests that look at it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Method, Response, request::Parts};
use http_body_util::{BodyExt, Full};
use serde::Serialize;
use tokio::sync::watch;

use crate::log::RequestId;

/// One exchange on a public endpoint. It holds secrets as they were sent, and prints only its first line.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// What the tenant log knows the request by; empty where it never got to a handler.
    pub request_id: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Request headers, names in lower case; several values joined by `, `.
    pub headers: BTreeMap<String, String>,
    /// Request body as text.
    pub body: String,
    /// Status of the answer; 0 where the connection was dropped.
    pub status: u16,
    /// The answer.
    pub response: Answered,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.split('?').next().unwrap_or_default();
        write!(formatter, "{} {path} → {}", self.method, self.status)
    }
}

/// The answer of an [`Exchange`].
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// Headers, names in lower case; several values joined by `, `, those of `set-cookie` by line breaks.
    pub headers: BTreeMap<String, String>,
    /// Body as text.
    pub body: String,
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Answered").finish_non_exhaustive()
    }
}

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// For tests that look at every exchange: 10,000, and at most 32 MiB of bodies.
    All,
    /// For people who look at the dashboard: the last 500, and at most 2 MiB of bodies.
    Latest,
}

impl Extent {
    const fn exchanges(self) -> usize {
        match self {
            Self::All => 10_000,
            Self::Latest => 500,
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::All => 32 << 20,
            Self::Latest => 2 << 20,
        }
    }
}

/// The last exchanges.
#[derive(Debug)]
pub(crate) struct Recorder {
    extent: Extent,
    kept: Mutex<Kept>,
    recorded: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    exchanges: VecDeque<Recorded>,
    bytes: usize,
}

/// An [`Exchange`] in few pieces: every request is noted, and hardly any is looked at.
pub(crate) struct Recorded {
    request_id: String,
    method: Method,
    path: String,
    headers: Lines,
    body: String,
    status: u16,
    answered: Lines,
    answer: String,
}

impl std::fmt::Debug for Recorded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Exchange::from(self).fmt(formatter)
    }
}

impl From<&Recorded> for Exchange {
    fn from(recorded: &Recorded) -> Self {
        Self {
            request_id: recorded.request_id.clone(),
            method: recorded.method.to_string(),
            path: recorded.path.clone(),
            headers: recorded.headers.flat(),
            body: recorded.body.clone(),
            status: recorded.status,
            response: Answered { headers: recorded.answered.flat(), body: recorded.answer.clone() },
        }
    }
}

/// Headers, one a line.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn of(headers: &HeaderMap) -> Self {
        let mut lines = String::with_capacity(headers.len() * HEADER_BYTES);
        for (name, value) in headers {
            lines.push_str(name.as_str());
            lines.push_str(": ");
            lines.push_str(&String::from_utf8_lossy(value.as_bytes()));
            lines.push('\n');
        }
        Self(lines)
    }

    fn flat(&self) -> BTreeMap<String, String> {
        let mut flat = BTreeMap::<String, String>::new();
        for (name, value) in self.0.lines().filter_map(|line| line.split_once(": ")) {
            let separator = if name == "set-cookie" { "\n" } else { ", " };
            flat.entry(name.to_owned())
                .and_modify(|held| {
                    held.push_str(separator);
                    held.push_str(value);
                })
                .or_insert_with(|| value.to_owned());
        }
        flat
    }
}

/// Room for most headers.
const HEADER_BYTES: usize = 64;

impl Recorder {
    pub(crate) fn new(extent: Extent) -> Self {
        Self { extent, kept: Mutex::default(), recorded: watch::channel(0).0 }
    }

    /// Whether every exchange counts, and not only what a person would look at.
    pub(crate) fn keeps_all(&self) -> bool {
        self.extent == Extent::All
    }

    /// Notes a request.
    pub(crate) fn begin(&self, head: &Parts, body: &Bytes) -> Recorded {
        Recorded {
            request_id: String::new(),
            method: head.method.clone(),
            path: head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            headers: Lines::of(&head.headers),
            body: String::from_utf8_lossy(body).into_owned(),
            status: 0,
            answered: Lines::default(),
            answer: String::new(),
        }
    }

    /// Notes its answer, none where the connection was dropped, and keeps both.
    pub(crate) fn finish(&self, mut exchange: Recorded, answer: Option<&Response<Full<Bytes>>>) {
        if let Some(answer) = answer {
            exchange.status = answer.status().as_u16();
            if let Some(RequestId(id)) = answer.extensions().get() {
                exchange.request_id.clone_from(id);
            }
            exchange.answered = Lines::of(answer.headers());
            // A full body is there at once.
            let body =
                answer.body().clone().collect().now_or_never().and_then(Result::ok).unwrap_or_default();
            exchange.answer = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += size(&exchange);
        kept.exchanges.push_back(exchange);
        while kept.exchanges.len() > self.extent.exchanges() || kept.bytes > self.extent.bytes() {
            let Some(oldest) = kept.exchanges.pop_front() else { break };
            kept.bytes -= size(&oldest);
        }
        drop(kept);
        self.recorded.send_modify(|count| *count += 1);
    }

    /// Those kept, oldest first.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .exchanges
            .iter()
            .map(Exchange::from)
            .collect()
    }

    /// Forgets them.
    pub(crate) fn clear(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }

    /// Returns after the next exchange, or after `wait`.
    pub(crate) async fn wait(&self, wait: Duration) {
        // Both ends of the wait are fine: the caller reads what is there.
        let _ = tokio::time::timeout(wait, self.recorded.subscribe().changed()).await;
    }
}

fn size(exchange: &Recorded) -> usize {
    exchange.body.len() + exchange.answer.len() + exchange.path.len() + 1024
}
