//! The listener: connections, TLS, and the way of a request through recorder, faults and router.
//!
//! One request: the head is read within thirty seconds, the body collected up to a limit (64 KiB, more for the Management API; [`service`]); discovery is
//! answered from memory; a fault may take the exchange over ([`faults`]); the router answers, and a panic in it
//! becomes a 500; CORS headers are added ([`cors`]); the exchange is recorded ([`recorder`]). Router, CORS and discovery
//! belong to one state of the configuration ([`front`]), which a request keeps to its end.

mod cors;
pub(crate) mod faults;
mod front;
mod listener;
mod people;
pub(crate) mod recorder;
mod service;
pub(crate) mod tls;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

pub(crate) use self::{front::Front, listener::bind, service::Service};
pub use self::{listener::BindError, service::Peer, tls::TlsError};

/// A listener that serves until it is told to stop.
pub(crate) struct Server {
    /// Sockets on one port: IPv4 and IPv6 of `localhost`.
    pub(crate) listeners: Vec<TcpListener>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) service: Arc<Service>,
}

impl Server {
    /// Serves until `stop` changes; then takes no more connections and lets requests finish.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
        let shared = Arc::new(Connections {
            tls: self.tls,
            service: self.service,
            free: Arc::new(Semaphore::new(CONNECTIONS)),
        });
        let accepting = self.listeners.into_iter().map(|listener| accept(listener, &shared, &graceful));
        tokio::select! {
            _ = futures_util::future::join_all(accepting) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        graceful.shutdown().await;
    }
}

struct Connections {
    tls: Option<TlsAcceptor>,
    service: Arc<Service>,
    free: Arc<Semaphore>,
}

async fn accept(listener: TcpListener, connections: &Arc<Connections>, graceful: &GracefulShutdown) {
    loop {
        let Ok(permit) = Arc::clone(&connections.free).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let connections = Arc::clone(connections);
                let watcher = graceful.watcher();
                tokio::spawn(async move {
                    connections.serve(stream, peer, watcher).await;
                    drop(permit);
                });
            }
            // Out of file descriptors, or the peer was gone at once: neither is a reason to stop.
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a connection could not be accepted"
                );
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

impl Connections {
    async fn serve(&self, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
        // A failure here costs only delay.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else { return self.speak(stream, peer, watcher).await };
        match timeout(HEAD, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.speak(stream, peer, watcher).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
            Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
        }
    }

    async fn speak<S>(&self, stream: S, peer: SocketAddr, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = Arc::clone(&self.service);
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(
                TokioIo::new(stream),
                hyper::service::service_fn(move |request| {
                    let service = Arc::clone(&service);
                    async move { service.answer(request, peer).await }
                }),
            );
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%peer, %error, "connection ended");
        }
    }
}

/// How long a TLS handshake, and the head of a request, may take; a connection may be idle as long.
const HEAD: Duration = Duration::from_secs(30);
/// The largest head; recorded `mfa_token`s travel in one and have 2 KB.
const HEAD_BYTES: usize = 64 << 10;
/// Connections at once.
const CONNECTIONS: usize = 4096;
