//! Calls that the tenant makes: webhooks and back-channel logouts.
//!
//! One client for all: it gives up after five seconds, follows no redirect, uses no proxy, reads at most 64 KiB of an
//! answer and calls only addresses that it may ([`Forbidden`]). [`Client::enqueue`] keeps a call in the store until it
//! was taken, or until it is of no use any more: at least once, also when the process is killed in between.

mod guard;
mod queue;
pub mod signature;

use std::{
    error::Error,
    iter::successors,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use url::Url;

pub use self::guard::Forbidden;
use self::{guard::Guard, queue::Queue};
use crate::{
    clock::VirtualClock,
    log::Log,
    model::Call,
    store::{Store, StoreError},
};

/// The client. Clones are the same client.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
    queue: Queue,
}

/// Why a call was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The address is none of HTTP.
    #[error("`{0}` is not an http or https address")]
    Address(String),
    /// It must not be called.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It could not be reached, or did not answer in time.
    #[error("{host} did not answer")]
    Http {
        /// The host.
        host: String,
        /// What happened.
        #[source]
        source: reqwest::Error,
    },
    /// The answer is larger than 64 KiB.
    #[error("{host} answered with more than 64 KiB")]
    TooLarge {
        /// The host.
        host: String,
    },
}

impl Client {
    /// A client with its queue running; must be called within a runtime.
    ///
    /// # Parameters
    /// - `loopback`: whether the tenant itself is on loopback; then it may call this machine and private networks.
    #[must_use]
    pub fn start(loopback: bool, store: Arc<dyn Store>, clock: VirtualClock, log: Log) -> Self {
        let http = Http { guard: Guard::new(loopback), client: Arc::default() };
        Self { queue: Queue::start(http.clone(), store, clock, log), http }
    }

    /// Says which hosts (as they stand in URLs: `hooks.internal`, `10.0.0.5`, `[fd00::5]`) may be called wherever they are.
    pub fn name_hosts(&self, hosts: impl IntoIterator<Item = String>) {
        self.http.guard.name(hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect());
    }

    /// Makes one call, now.
    ///
    /// # Errors
    /// [`CallError`]; an answer of any status is none.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        self.http.send(request).await
    }

    /// Keeps `call` in the store and returns; it is made at once, and again after 1, 3, 10, 30, 60, 120, … seconds as
    /// long as nobody answers or the answer is 408, 429 or 5xx, until [`Call::deadline`]. What became of it is written
    /// into the tenant log.
    ///
    /// # Errors
    /// The store failed.
    pub async fn enqueue(&self, call: &Call) -> Result<(), StoreError> {
        self.queue.add(call).await
    }

    /// Makes what is due and finishes what is under way, for as long as somebody waits for it; what then still waits for
    /// its next turn stays in the store.
    pub(crate) async fn drain(&self) {
        self.queue.drain().await;
    }
}

/// The one-call half.
#[derive(Clone, Debug)]
struct Http {
    guard: Guard,
    /// Made when it is first needed: it reads the machine's certificates.
    client: Arc<OnceLock<reqwest::Client>>,
}

impl Http {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        let (head, body) = request.into_parts();
        let address = head.uri.to_string();
        let url: Url = address.parse().map_err(|_| CallError::Address(address.clone()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(CallError::Address(address));
        }
        self.guard.admit(&url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let failed =
            |source: reqwest::Error| CallError::Http { host: host.clone(), source: source.without_url() };
        let mut answer = self
            .client()
            .map_err(failed)?
            .request(head.method, url)
            .headers(head.headers)
            .body(body)
            .send()
            .await
            .map_err(failed)?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        let mut read = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if read.len() + chunk.len() > ANSWER {
                return Err(CallError::TooLarge { host });
            }
            read.extend_from_slice(&chunk);
        }
        *response.body_mut() = read.freeze();
        Ok(response)
    }

    fn client(&self) -> Result<&reqwest::Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = reqwest::Client::builder()
            .user_agent(concat!("stepup-tenant/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .dns_resolver(self.guard.clone())
            .build()?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// An error and what caused it, in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    successors(Some(error), |error| (*error).source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The largest answer, in bytes.
const ANSWER: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
        time::Instant,
    };

    use super::*;

    /// The clock stands still but where nothing is left to do: so no test waits.
    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_not_answered_whole_is_given_up_after_five_seconds() {
        for said in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nnot"] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/hook", listener.local_addr().unwrap());
            let server = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                assert_ne!(stream.read(&mut [0; 1024]).await.unwrap(), 0);
                stream.write_all(said.as_bytes()).await.unwrap();
                std::future::pending::<()>().await;
            });
            let http = Http { guard: Guard::new(true), client: Arc::default() };
            let began = Instant::now();
            let failed = http.send(Request::get(url).body(Bytes::new()).unwrap()).await.unwrap_err();
            assert!(matches!(&failed, CallError::Http { source, .. } if source.is_timeout()), "{failed:?}");
            assert_eq!(began.elapsed().as_secs(), 5, "{said}");
            server.abort();
        }
    }
}
