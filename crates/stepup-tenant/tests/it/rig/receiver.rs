//! What the tenant calls: a small HTTP server of the test.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State};
use http::{HeaderMap, StatusCode, header};
use tokio::{net::TcpListener, sync::mpsc, task::AbortHandle};

/// Receives calls and answers them as it was told, 204 where it was told nothing.
pub(crate) struct Receiver {
    pub(crate) url: String,
    calls: mpsc::UnboundedReceiver<Received>,
    answers: Arc<Mutex<VecDeque<u16>>>,
    server: AbortHandle,
}

/// A call that came.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Clone)]
struct Told {
    calls: mpsc::UnboundedSender<Received>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, calls) = mpsc::unbounded_channel();
        let answers = Arc::<Mutex<VecDeque<u16>>>::default();
        let router = Router::new()
            .fallback(async |State(told): State<Told>, headers: HeaderMap, body: Bytes| {
                let status = told.answers.lock().unwrap().pop_front().unwrap_or(204);
                let body = String::from_utf8(body.to_vec()).unwrap();
                told.calls.send(Received { headers, body }).unwrap();
                let elsewhere = [(header::LOCATION, "/elsewhere")];
                (StatusCode::from_u16(status).unwrap(), elsewhere)
            })
            .with_state(Told { calls: sender, answers: Arc::clone(&answers) });
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, calls, answers, server: server.abort_handle() }
    }

    /// Answers the coming calls with these statuses.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    /// The next call.
    pub(crate) async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(std::time::Duration::from_secs(20), self.calls.recv());
        next.await.unwrap_or_else(|_| panic!("no call came")).unwrap()
    }

    /// Whether no call is there.
    pub(crate) fn is_empty(&mut self) -> bool {
        self.calls.try_recv().is_err()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}
