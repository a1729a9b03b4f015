//! Sockets.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, lookup_host};

/// Binds every address of `host` to one port; 0 takes a free one.
///
/// `localhost` has an IPv4 and an IPv6 address, and clients differ in which they try: both are bound, as far as the
/// machine has them.
pub(crate) async fn bind(host: &str, port: u16) -> Result<(Vec<TcpListener>, u16), BindError> {
    let found = lookup_host((host.trim_matches(['[', ']']), port)).await;
    let mut addresses: Vec<SocketAddr> =
        found.map_err(|source| BindError::Host { host: host.to_owned(), source })?.collect();
    if host == "localhost" {
        addresses.extend([SocketAddr::from(([127, 0, 0, 1], port)), SocketAddr::from((LOOPBACK_V6, port))]);
    }
    addresses.sort_unstable();
    addresses.dedup();

    for _ in 0..ATTEMPTS {
        match bind_all(&addresses, port).await {
            // A free port of one address may be taken on the other: draw again.
            Err(error) if port == 0 && error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err(BindError::PortInUse { port });
            }
            Err(source) => return Err(BindError::Io { host: host.to_owned(), port, source }),
            Ok(bound) => return Ok(bound),
        }
    }
    Err(BindError::PortInUse { port })
}

async fn bind_all(addresses: &[SocketAddr], port: u16) -> io::Result<(Vec<TcpListener>, u16)> {
    let mut listeners = Vec::new();
    let mut bound = port;
    let mut unavailable = None;
    for address in addresses {
        let mut address = *address;
        address.set_port(bound);
        match TcpListener::bind(address).await {
            Ok(listener) => {
                bound = listener.local_addr()?.port();
                listeners.push(listener);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable || is_unsupported(&error) => {
                unavailable = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    match unavailable {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok((listeners, bound)),
    }
}

/// Whether the machine has no such family of addresses.
fn is_unsupported(error: &io::Error) -> bool {
    // EAFNOSUPPORT has no kind of its own: 97 on Linux, 47 on macOS and the BSDs, 10047 on Windows.
    error.kind() == io::ErrorKind::Unsupported || matches!(error.raw_os_error(), Some(97 | 47 | 10047))
}

const LOOPBACK_V6: [u16; 8] = [0, 0, 0, 0, 0, 0, 0, 1];
const ATTEMPTS: usize = 16;

/// Why the tenant cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The host has no address.
    #[error("the host `{host}` has no address to listen on")]
    Host {
        /// The host.
        host: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The machine refuses.
    #[error("cannot listen on {host}:{port}")]
    Io {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Another program has the port.
    #[error("port {port} is in use by another program: choose another with --port, or 0 for a free one")]
    PortInUse {
        /// The port.
        port: u16,
    },
}
