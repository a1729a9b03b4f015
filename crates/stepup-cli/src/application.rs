//! The demo application, listening.

use std::{future::Future, io, net::Ipv4Addr, time::Duration};

use stepup::{Client, Clock};
use stepup_protocol::time::UnixTime;
use stepup_tenant::{Tenant, clock::VirtualClock};
use tokio::{net::TcpListener, sync::oneshot};

use crate::failure::Failure;

/// How long requests that are in flight may take once the application is to stop.
const GRACE: Duration = Duration::from_secs(10);

/// A port of this machine, and the address that browsers use for it.
pub(crate) struct Place {
    listener: TcpListener,
    /// `http://localhost:PORT`.
    pub(crate) url: String,
}

impl Place {
    /// Takes `port`, or a free one for 0. `option` is how another is chosen.
    pub(crate) async fn take(port: u16, option: &str) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
            Failure::Other(if error.kind() == io::ErrorKind::AddrInUse {
                format!("port {port} is in use by another program: choose another with {option} N, or 0 for a free one")
            } else {
                format!("cannot listen on port {port}: {error}")
            })
        })?;
        let port = listener.local_addr().map_err(|error| Failure::other(&error))?.port();
        Ok(Self { listener, url: format!("http://localhost:{port}") })
    }

    /// Serves the demo application until `stop` is done, and then what is in flight.
    pub(crate) async fn serve(self, client: Client, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let (close, closing) = oneshot::channel::<()>();
        let stopped = async {
            // an error is the sender gone, which means the same
            let _ = closing.await;
        };
        let serving = tokio::spawn(stepup_demo::serve(self.listener, client, stopped));
        let mut serving = std::pin::pin!(serving);
        let ended = tokio::select! {
            ended = &mut serving => Some(ended),
            () = stop => {
                drop(close);
                tokio::time::timeout(GRACE, serving).await.ok()
            }
        };
        match ended {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(Failure::other(&error)),
            Some(Err(error)) => Err(Failure::other(&error)),
        }
    }
}

/// An SDK for the tenant's client `webapp`, that trusts the tenant's own CA and goes by its clock.
pub(crate) fn client_of(tenant: &Tenant, place: &Place, secret: String) -> Result<Client, Failure> {
    let webapp = tenant.client("webapp").ok_or_else(|| {
        Failure::Usage("the configuration has no client `webapp`, which the demo application is".to_owned())
    })?;
    let client_secret = webapp.client_secret.ok_or_else(|| {
        Failure::Usage(
            "the client `webapp` has no client_secret, which the demo application needs".to_owned(),
        )
    })?;
    let mut builder = Client::builder()
        .domain(tenant.issuer().trim_end_matches('/'))
        .client_id(webapp.client_id)
        .client_secret(client_secret)
        .secret(secret)
        .app_base_url(&place.url)
        .mfa_pages(stepup_demo::pages())
        .clock(TenantClock(tenant.clock().clone()));
    if let Some(authority) = tenant.ca_certificate() {
        let certificate =
            reqwest::Certificate::from_pem(authority.as_bytes()).map_err(|error| Failure::other(&error))?;
        let http = reqwest::Client::builder().no_proxy().tls_certs_merge([certificate]);
        builder = builder
            .http_client(stepup::ReqwestClient::from_builder(http).map_err(|error| Failure::other(&error))?);
    }
    builder.build().map_err(|error| Failure::usage(&error))
}

/// The tenant's clock as the SDK's: whoever moves one moves both.
#[derive(Debug)]
struct TenantClock(VirtualClock);

impl Clock for TenantClock {
    fn now(&self) -> UnixTime {
        self.0.now()
    }
}
