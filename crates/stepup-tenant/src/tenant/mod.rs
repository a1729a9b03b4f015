//! A running tenant.

mod builder;
mod error;
mod run;
mod start;

use std::{path::Path, sync::Arc};

use secrecy::ExposeSecret;
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};
use url::Url;

pub use self::{builder::Builder, error::StartError};
use crate::{
    clock::VirtualClock,
    config::{self, ChangeError},
    dashboard,
    devices::{self, Decision, DeviceError, PushRequest, VirtualDevice},
    model::{LogEvent, Message},
    seed::{Seed, SeedError},
    server::{
        faults::{Fault, Faults},
        recorder::Exchange,
        tls::Authority,
    },
    state::Shared,
    store::StoreError,
};

/// A running tenant. It stops when it is dropped; [`Tenant::shutdown`] also waits for the end.
pub struct Tenant {
    state: Shared,
    seed: Arc<Seed>,
    faults: Arc<Faults>,
    /// What cannot be honoured of the users.
    user_warnings: Vec<String>,
    authority: Option<Authority>,
    control_key: Option<String>,
    port: u16,
    stop: Arc<watch::Sender<bool>>,
    running: Mutex<Option<JoinHandle<()>>>,
}

/// What an application needs to know of its client.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`; a public client has none.
    pub client_secret: Option<String>,
    /// The name of the application.
    pub name: String,
}

impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ClientCredentials")
            .field("client_id", &self.client_id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Tenant {
    /// A tenant that is to be started: by default in memory, on a free port of `localhost`, with the built-in
    /// configuration, and with password hashes that cost nothing.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `iss` of its tokens: its address, ending in `/`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.state.issuer.as_str()
    }

    /// What SDKs take for the domain: `localhost:PORT`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.state.issuer.domain()
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.state.issuer.url()
    }

    /// The port it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The client with this name or id.
    #[must_use]
    pub fn client(&self, name: &str) -> Option<ClientCredentials> {
        self.clients().into_iter().find(|client| client.name == name || client.client_id == name)
    }

    /// Every client.
    #[must_use]
    pub fn clients(&self) -> Vec<ClientCredentials> {
        let credentials = |client: &config::Client| ClientCredentials {
            client_id: client.client_id.clone(),
            client_secret: client.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned()),
            name: client.name.clone(),
        };
        self.state.configuration.config().clients.iter().map(credentials).collect()
    }

    /// Its clock: tokens, codes and limits follow it.
    #[must_use]
    pub fn clock(&self) -> &VirtualClock {
        &self.state.clock
    }

    /// The tenant log, newest first, at most 1000 events.
    ///
    /// # Errors
    /// The store failed.
    pub async fn log(&self) -> Result<Vec<LogEvent>, StoreError> {
        self.state.log.read(None, 1000).await
    }

    /// The messages that it has sent, or would have, newest first, at most 1000.
    ///
    /// ```no_run
    /// # async fn example(tenant: &stepup_tenant::Tenant) -> Result<(), Box<dyn std::error::Error>> {
    /// // After the application under test has asked for a code by text message:
    /// let newest = tenant.messages().await?.into_iter().find(|message| message.to == "+12025550123");
    /// let code = newest.and_then(|message| message.code).ok_or("nothing was sent")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The store failed.
    pub async fn messages(&self) -> Result<Vec<Message>, StoreError> {
        self.state.delivery.inbox().read(None, None).await
    }

    /// The exchanges on its public endpoints, oldest first, at most 10,000; the last few where [`Builder::record`] is off.
    #[must_use]
    pub fn requests(&self) -> Vec<Exchange> {
        self.state.recorder.exchanges()
    }

    /// Makes coming exchanges fail.
    pub fn fail_next(&self, fault: Fault) {
        self.faults.add(fault);
    }

    /// What an authenticator app with this base32 secret shows now; none where it is not base32.
    #[must_use]
    pub fn totp(&self, secret: &str) -> Option<String> {
        devices::totp(secret, self.state.clock.now())
    }

    /// Lets a virtual device scan a QR code (`barcode_uri` of an enrolment): a phone that answers push notifications, which
    /// enrols at once, or an authenticator app.
    ///
    /// # Errors
    /// [`DeviceError::Barcode`] where it is neither, [`DeviceError::Refused`] where the QR code is over or taken.
    pub async fn scan(&self, barcode_uri: &str) -> Result<VirtualDevice, DeviceError> {
        self.state.devices.scan(&self.state, barcode_uri).await
    }

    /// The questions that phones have not answered, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn push_requests(&self) -> Result<Vec<PushRequest>, StoreError> {
        devices::pending(&self.state).await
    }

    /// Answers the question with this id ([`Tenant::push_requests`]) as the user's phone would.
    ///
    /// ```no_run
    /// use stepup_tenant::devices::Decision;
    ///
    /// # async fn example(tenant: &stepup_tenant::Tenant, barcode_uri: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// tenant.scan(barcode_uri).await?; // the phone is enrolled
    /// // After the application under test has challenged it:
    /// let asked = tenant.push_requests().await?;
    /// tenant.answer_push(&asked[0].id, Decision::Approve).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`DeviceError::NothingAsked`] where it is not pending (any more).
    pub async fn answer_push(&self, id: &str, decision: Decision) -> Result<(), DeviceError> {
        self.state.devices.answer(&self.state, id, decision).await
    }

    /// Back to the state at start: users, authenticators, sessions, limits, messages, log, clock, and what was changed of
    /// the configuration.
    ///
    /// # Errors
    /// The store failed.
    pub async fn reset(&self) -> Result<(), SeedError> {
        self.faults.clear();
        self.state.recorder.clear();
        self.state.devices.clear();
        self.seed.reset(&self.state).await
    }

    /// Reads the configuration's files again, as happens within a second of their change; returns what differs, one line
    /// each.
    ///
    /// # Errors
    /// The configuration cannot be used, and stays as it is.
    pub async fn reload(&self) -> Result<Vec<String>, ChangeError> {
        self.state.configuration.reload().await
    }

    /// What was asked for in the configuration, or of the users, and is not done, one line each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let config = self.state.configuration.config();
        config.warnings.iter().chain(&self.user_warnings).cloned().collect()
    }

    /// The certificate of the local CA that clients must trust, PEM; none without [`Tls::LocalCa`](crate::Tls::LocalCa).
    #[must_use]
    pub fn ca_certificate(&self) -> Option<&str> {
        self.authority.as_ref().map(|authority| authority.pem.as_str())
    }

    /// Where that certificate lies, if it is kept.
    #[must_use]
    pub fn ca_certificate_path(&self) -> Option<&Path> {
        self.authority.as_ref().and_then(|authority| authority.path.as_deref())
    }

    /// Address and key of the control API, where it is on.
    #[must_use]
    pub fn control(&self) -> Option<(String, &str)> {
        self.control_key.as_deref().map(|key| (self.state.issuer.endpoint("_control"), key))
    }

    /// Where the dashboard is; none where nobody may open it, since the issuer is not on loopback and no administrator is named.
    #[must_use]
    pub fn dashboard(&self) -> Option<String> {
        dashboard::is_open(&self.state).then(|| self.state.issuer.endpoint("dashboard"))
    }

    /// The parts of the running tenant as they were at its start, for tests of the tenant itself: what is set now is in
    /// its `configuration`.
    #[must_use]
    pub fn state(&self) -> &Shared {
        &self.state
    }

    /// Stops: takes no more connections, finishes what is under way (ten seconds at most), writes what is still to be written.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        self.stopped().await;
    }

    /// Returns once the tenant has stopped, by [`Tenant::shutdown`] or by the control API.
    pub async fn stopped(&self) {
        let mut running = self.running.lock().await;
        if let Some(task) = running.take()
            && task.await.is_err()
        {
            tracing::error!("the server task panicked");
        }
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tenant").field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}
