//! A running tenant, and how it is started.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use secrecy::ExposeSecret;
use stepup_seal::Random;
use tokio::{
    sync::{Mutex, watch},
    task::{JoinHandle, spawn_blocking},
};
use url::Url;

use crate::{
    SystemRandom,
    actions::{Engine, Limits},
    clock::VirtualClock,
    config::{self, ConfigError, SystemError, source::Source},
    control::{self, Control},
    data_dir::{DataDir, DataDirError},
    delivery::Inbox,
    keys::{Keys, KeysError, vault_key},
    log::Log,
    model::{LogEvent, Message},
    oauth::discovery,
    passwords::{Cost, Passwords},
    ready::{ReadyFile, ReadyFileError},
    routes,
    seed::{Seed, SeedError},
    server::{
        self, BindError, Cors, Server, Service, TlsError,
        faults::{Fault, Faults},
        recorder::{Exchange, Recorder},
        tls::{self, Authority, Tls},
    },
    state::{Issuer, Shared, State},
    store::{SqliteStore, Store, StoreError, Vault, in_memory},
};

/// A running tenant. It stops when it is dropped; [`Tenant::shutdown`] also waits for the end.
pub struct Tenant {
    state: Shared,
    seed: Arc<Seed>,
    faults: Arc<Faults>,
    recorder: Option<Arc<Recorder>>,
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
        self.state.config.clients.iter().map(credentials).collect()
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

    /// The messages that it would have sent, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn messages(&self) -> Result<Vec<Message>, StoreError> {
        self.state.inbox.read(None, None).await
    }

    /// The exchanges on its public endpoints, oldest first, at most 10,000; none where it does not record.
    #[must_use]
    pub fn requests(&self) -> Vec<Exchange> {
        self.recorder.as_ref().map(|recorder| recorder.exchanges()).unwrap_or_default()
    }

    /// Makes coming exchanges fail.
    pub fn fail_next(&self, fault: Fault) {
        self.faults.add(fault);
    }

    /// What an authenticator app with this base32 secret shows now; none where it is not base32.
    #[must_use]
    pub fn totp(&self, secret: &str) -> Option<String> {
        control::totp(secret, self.state.clock.now())
    }

    /// Back to the state at start: users, authenticators, sessions, limits, messages, log, clock.
    ///
    /// # Errors
    /// The store failed.
    pub async fn reset(&self) -> Result<(), StoreError> {
        self.faults.clear();
        if let Some(recorder) = &self.recorder {
            recorder.clear();
        }
        self.seed.reset(&self.state).await
    }

    /// What was asked for in the configuration and is not done, one line each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.state.config.warnings
    }

    /// The certificate of the local CA that clients must trust, PEM; none without [`Tls::LocalCa`].
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

    /// The parts of the running tenant, for tests of the tenant itself.
    #[must_use]
    pub fn state(&self) -> &Shared {
        &self.state
    }

    /// Stops: takes no more connections, lets requests finish (at most ten seconds), writes what is still to be written.
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

/// How a tenant is started. Every setting has a default that is right for a test.
#[derive(Debug)]
pub struct Builder {
    port: u16,
    host: String,
    issuer: Option<Url>,
    config: Source,
    users: Source,
    database: String,
    data_dir: Option<PathBuf>,
    control: bool,
    record: bool,
    tls: Option<Tls>,
    ready_file: Option<PathBuf>,
    clock: VirtualClock,
    random: Arc<dyn Random>,
    cost: Cost,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            port: 0,
            host: "localhost".to_owned(),
            issuer: None,
            config: Source::BuiltIn,
            users: Source::BuiltIn,
            database: "sqlite::memory:".to_owned(),
            data_dir: None,
            control: false,
            record: true,
            tls: None,
            ready_file: None,
            clock: VirtualClock::system(),
            random: Arc::new(SystemRandom::default()),
            cost: Cost::Fast,
        }
    }
}

impl Builder {
    /// The port; default 0, a free one.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// The host to listen on and to put into the issuer; default `localhost`. Another than this machine's own needs
    /// [`Self::issuer`].
    #[must_use]
    pub fn host(self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self }
    }

    /// The address that goes into `iss`; default `http(s)://HOST:PORT/`.
    #[must_use]
    pub fn issuer(self, issuer: Url) -> Self {
        Self { issuer: Some(issuer), ..self }
    }

    /// The configuration, `auth0-deploy-cli`'s YAML as text; default a built-in one.
    #[must_use]
    pub fn config_yaml(self, yaml: &str) -> Self {
        Self { config: Source::Text(yaml.to_owned()), ..self }
    }

    /// The configuration: a file, or a folder with `tenant.yaml`.
    #[must_use]
    pub fn config_file(self, path: impl Into<PathBuf>) -> Self {
        Self { config: Source::File(path.into()), ..self }
    }

    /// The users, Auth0's bulk-import JSON as text; default Ada.
    #[must_use]
    pub fn users_json(self, json: &str) -> Self {
        Self { users: Source::Text(json.to_owned()), ..self }
    }

    /// The users: a file.
    #[must_use]
    pub fn users_file(self, path: impl Into<PathBuf>) -> Self {
        Self { users: Source::File(path.into()), ..self }
    }

    /// The database: `sqlite::memory:` (default) or `sqlite://FILE`.
    #[must_use]
    pub fn database(self, url: &str) -> Self {
        Self { database: url.to_owned(), ..self }
    }

    /// The folder for keys and the local CA. Default: with a database file, the folder it is in; else none, and keys
    /// are gone with the tenant.
    #[must_use]
    pub fn data_dir(self, path: impl Into<PathBuf>) -> Self {
        Self { data_dir: Some(path.into()), ..self }
    }

    /// Whether to serve the control API; default no.
    #[must_use]
    pub fn control(self, control: bool) -> Self {
        Self { control, ..self }
    }

    /// Whether to keep exchanges for [`Tenant::requests`]; default yes. The control API keeps them always.
    #[must_use]
    pub fn record(self, record: bool) -> Self {
        Self { record, ..self }
    }

    /// Serves HTTPS; default plain HTTP.
    #[must_use]
    pub fn tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// A file to write once connections are accepted; see the command line's `--ready-file`.
    #[must_use]
    pub fn ready_file(self, path: impl Into<PathBuf>) -> Self {
        Self { ready_file: Some(path.into()), ..self }
    }

    /// The clock; default one that goes with the machine's.
    #[must_use]
    pub fn clock(self, clock: VirtualClock) -> Self {
        Self { clock, ..self }
    }

    /// The randomness; default the operating system's.
    #[must_use]
    pub fn random(self, random: Arc<dyn Random>) -> Self {
        Self { random, ..self }
    }

    /// What a password hash costs; default [`Cost::Fast`], which is for tests alone.
    #[must_use]
    pub fn argon2(self, cost: Cost) -> Self {
        Self { cost, ..self }
    }

    /// Starts the tenant; it accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] says what could not be used, and what to do about it.
    pub async fn start(self) -> Result<Tenant, StartError> {
        let (mut config, imported) = config::load(&self.config, &self.users)?;
        let data = self.data()?;
        let (listeners, port) = server::bind(&self.host, self.port).await?;
        let issuer = self.issued_at(port)?;
        let vault_key = vault_key(&data, &*self.random)?;
        config.complete(&issuer, &vault_key)?;
        if !issuer.loopback() && matches!(self.users, Source::BuiltIn) && !imported.is_empty() {
            config
                .warnings
                .push(format!("{} can log in with a password that everybody knows", config::ADA_EMAIL));
        }
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }

        let keys = open_keys(issuer.domain(), &data, &self.random);
        let remaining = async {
            let store = SqliteStore::open(&self.database, Vault::new(&vault_key)).await?;
            let store: Arc<dyn Store> = Arc::new(store);
            store.sweep(self.clock.now()).await?;
            let passwords = Passwords::new(self.cost, Arc::clone(&self.random));
            let seed = Seed::prepare(imported, &passwords, &*self.random, self.clock.now()).await?;
            seed.plant(&*store).await?;
            let tls = self
                .tls
                .as_ref()
                .map(|tls| tls::prepare(tls, &self.host, &data, self.clock.now()))
                .transpose()?;
            Ok::<_, StartError>((store, passwords, seed, tls))
        };
        let (keys, (store, passwords, seed, tls)) = tokio::try_join!(keys, remaining)?;
        let (tls, authority) = tls.map_or((None, None), |ready| (Some(ready.acceptor), ready.authority));

        let state = Arc::new(State {
            issuer,
            config,
            log: Log::start(Arc::clone(&store)),
            inbox: Inbox::new(Arc::clone(&store)),
            store,
            keys,
            clock: self.clock,
            random: self.random,
            actions: Engine::new(Limits::default()),
            passwords,
        });
        let seed = Arc::new(seed);
        let faults = Arc::new(Faults::default());
        let recorder = (self.record || self.control).then(|| Arc::new(Recorder::new()));
        let stop = Arc::new(watch::channel(false).0);
        let control_key = self.control.then(|| stepup_seal::token(&*state.random, 32));
        let control = control_key.clone().zip(recorder.clone()).map(|(key, recorder)| Control {
            key,
            state: Arc::clone(&state),
            seed: Arc::clone(&seed),
            faults: Arc::clone(&faults),
            recorder,
            stop: Arc::clone(&stop),
            devices: control::Devices::default(),
        });
        let service = Arc::new(Service {
            router: routes::router(Arc::clone(&state)),
            cors: Cors::new(&state.config),
            faults: Arc::clone(&faults),
            recorder: recorder.clone(),
            control,
            discovery: discovery::bytes(&state.config, &state.issuer),
        });
        let server = Server { listeners, tls, service };
        let running = tokio::spawn(supervise(server, Arc::clone(&state), data, stop.subscribe()));

        let tenant = Tenant {
            state,
            seed,
            faults,
            recorder,
            authority,
            control_key,
            port,
            stop,
            running: Mutex::new(Some(running)),
        };
        if let Some(path) = &self.ready_file {
            ReadyFile::of(&tenant).write(path)?;
        }
        Ok(tenant)
    }

    fn data(&self) -> Result<DataDir, DataDirError> {
        let beside_the_database = || {
            let file = self.database.strip_prefix("sqlite:")?.trim_start_matches("//").split('?').next()?;
            let folder = PathBuf::from(file).parent()?.to_owned();
            (!in_memory(&self.database)).then_some(folder)
        };
        match self.data_dir.clone().or_else(beside_the_database) {
            Some(folder) if folder.as_os_str().is_empty() => DataDir::open(".".as_ref()),
            Some(folder) => DataDir::open(&folder),
            None => Ok(DataDir::none()),
        }
    }

    fn issued_at(&self, port: u16) -> Result<Issuer, StartError> {
        if let Some(issuer) = &self.issuer {
            if !matches!(issuer.scheme(), "http" | "https") || issuer.host().is_none() {
                return Err(StartError::Issuer { issuer: issuer.to_string() });
            }
            return Ok(Issuer::new(issuer.clone()));
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let host = if self.host.contains(':') && !self.host.starts_with('[') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        let url: Url = format!("{scheme}://{host}:{port}/")
            .parse()
            .map_err(|_| StartError::IssuerNeeded { host: self.host.clone() })?;
        let issuer = Issuer::new(url);
        if issuer.loopback() { Ok(issuer) } else { Err(StartError::IssuerNeeded { host: self.host.clone() }) }
    }
}

async fn open_keys(domain: &str, data: &DataDir, random: &Arc<dyn Random>) -> Result<Keys, StartError> {
    let (domain, data, random) = (domain.to_owned(), data.clone(), Arc::clone(random));
    let opened = spawn_blocking(move || Keys::open(&domain, &data, &*random));
    Ok(opened.await.map_err(|_| StartError::Stopping)??)
}

/// Serves until told to stop, with what else is to be done meanwhile; then writes what is still to be written.
async fn supervise(server: Server, state: Shared, data: DataDir, stop: watch::Receiver<bool>) {
    tokio::select! {
        () = server.run(stop) => {}
        () = async { tokio::join!(publish_next_key(&state, data), sweep(&state)); } => {}
    }
    state.log.flush().await;
    state.store.close().await;
}

/// The key after the current one is published early, so that clients know it when it comes into use. It takes a core
/// for a tenth of a second to make, which the first requests, and tenants that live for one test, need not pay.
async fn publish_next_key(state: &Shared, data: DataDir) {
    if !Keys::next_is_kept(&data) {
        tokio::time::sleep(NEXT_KEY).await;
    }
    let state = Arc::clone(state);
    let published =
        spawn_blocking(move || state.keys.publish_next(state.issuer.domain(), &data, &*state.random));
    match published.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the next signing key could not be published"),
        // The runtime is stopping.
        Err(_) => {}
    }
}

async fn sweep(state: &Shared) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = state.store.sweep(state.clock.now()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store could not be swept");
        }
    }
}

const NEXT_KEY: Duration = Duration::from_secs(1);
const SWEEP: Duration = Duration::from_secs(600);

/// Why a tenant cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It cannot listen.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The configuration or the users cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The issuer is no address.
    #[error("the issuer `{issuer}` is not an http or https address")]
    Issuer {
        /// What was given.
        issuer: String,
    },
    /// The host does not say what the issuer is.
    #[error(
        "the host `{host}` is not this machine: say with --issuer under which address the tenant is reached"
    )]
    IssuerNeeded {
        /// The host.
        host: String,
    },
    /// The keys cannot be had.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The ready file cannot be written.
    #[error(transparent)]
    ReadyFile(#[from] ReadyFileError),
    /// The users cannot be put into the store.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The runtime is stopping.
    #[error("the runtime is stopping")]
    Stopping,
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configuration does not fit the issuer.
    #[error(transparent)]
    System(#[from] SystemError),
    /// TLS cannot be served.
    #[error(transparent)]
    Tls(#[from] TlsError),
}
