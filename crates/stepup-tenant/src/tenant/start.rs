//! How a tenant starts: configuration, port, keys and store, then the server around them.

use std::{path::PathBuf, sync::Arc};

use stepup_seal::Random;
use tokio::{
    net::TcpListener,
    sync::{Mutex, watch},
    task::spawn_blocking,
};
use url::Url;

use super::{Builder, StartError, Tenant, run::supervise};
use crate::{
    actions::{Engine, Limits},
    config::{self, Configuration, TenantConfig, source::Source},
    control::Control,
    data_dir::{DataDir, DataDirError},
    delivery::Delivery,
    import::Importer,
    keys::{Keys, vault_key},
    log::Log,
    outbound,
    passwords::Passwords,
    ready::ReadyFile,
    seed::Seed,
    server::{
        self, Front, Server, Service,
        faults::Faults,
        recorder::{Extent, Recorder},
        tls,
    },
    state::{Issuer, Shared, State},
    store::{SqliteStore, Store, Vault, in_memory},
};

impl Builder {
    /// Starts the tenant; it accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] says what could not be used, and what to do about it.
    pub async fn start(self) -> Result<Tenant, StartError> {
        let files = config::read(&self.config)?;
        let data = self.data()?;
        let (listeners, port) = server::bind(&self.host, self.port).await?;
        let issuer = self.issued_at(port)?;
        let vault_key = vault_key(&data, &*self.random)?;
        let keys = open_keys(issuer.domain(), &data, &self.random);
        let contents = async {
            let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&self.database, Vault::new(&vault_key))?);
            let source = self.config.clone();
            let configuration =
                Configuration::open(source, files, issuer.clone(), vault_key, Arc::clone(&store)).await?;
            let (passwords, seed, warnings) = self.plant(&*store, &configuration.config(), &issuer).await?;
            Ok::<_, StartError>((store, configuration, passwords, seed, warnings))
        };
        let (keys, (store, configuration, passwords, seed, warnings)) = tokio::try_join!(keys, contents)?;
        for warning in configuration.config().warnings.iter().chain(&warnings) {
            tracing::warn!("{warning}");
        }
        let prepare = |tls| tls::prepare(tls, &self.host, &data, self.clock.now());
        let tls = self.tls.as_ref().map(prepare).transpose()?;

        let log = Log::new(Arc::clone(&store));
        let outbound =
            outbound::Client::start(issuer.loopback(), Arc::clone(&store), self.clock.clone(), log.clone());
        let config = configuration.config();
        let delivery =
            Delivery::new(Arc::clone(&store), self.clock.clone(), Arc::clone(&self.random), log.clone())
                .beyond(&config.delivery, &outbound, &issuer);
        let actions = Engine::new(Limits::default()).of_tenant(issuer.domain());
        let state = Arc::new(State {
            issuer,
            config,
            configuration: Arc::new(configuration),
            delivery,
            log,
            outbound,
            store,
            keys: Arc::new(keys),
            clock: self.clock.clone(),
            random: Arc::clone(&self.random),
            actions: Arc::new(actions),
            passwords,
            attempts: Arc::default(),
            devices: Arc::default(),
            recorder: self.recorded(),
        });
        let tenant = self.serve(state, seed, warnings, Socket { listeners, port, tls }, data);
        if let Some(path) = &self.ready_file {
            ReadyFile::of(&tenant).write(path)?;
        }
        Ok(tenant)
    }

    /// Puts the users into the store; returns with them what cannot be honoured of them.
    async fn plant(
        &self,
        store: &dyn Store,
        config: &TenantConfig,
        issuer: &Issuer,
    ) -> Result<(Passwords, Seed, Vec<String>), StartError> {
        let passwords = Passwords::new(self.cost, Arc::clone(&self.random));
        let importer = Importer {
            passwords: passwords.clone(),
            random: Arc::clone(&self.random),
            clock: self.clock.clone(),
        };
        let seed = Seed::new(self.users.clone(), importer)?;
        let mut warnings = seed.plant(store, config).await?;
        if !issuer.loopback() && matches!(self.users, Source::BuiltIn) && !config.connections.is_empty() {
            warnings.push(format!("{} can log in with a password that everybody knows", config::ADA_EMAIL));
        }
        if seed.kept_ada(store, config).await? {
            let ada = config::ADA_EMAIL;
            warnings.push(format!(
                "{ada} is still in the database, from a start without users of its own, and can log in with a password that everybody knows"
            ));
        }
        Ok((passwords, seed, warnings))
    }

    /// Puts server and remote control around the state, and lets them run.
    fn serve(
        &self,
        state: Shared,
        seed: Seed,
        warnings: Vec<String>,
        socket: Socket,
        data: DataDir,
    ) -> Tenant {
        let (tls, authority) =
            socket.tls.map_or((None, None), |ready| (Some(ready.acceptor), ready.authority));
        let seed = Arc::new(seed);
        let faults = Arc::new(Faults::default());
        let stop = Arc::new(watch::channel(false).0);
        let control_key = self.control.then(|| stepup_seal::token(&*state.random, 32));
        let control = control_key.clone().map(|key| Control {
            key,
            state: Arc::clone(&state),
            seed: Arc::clone(&seed),
            faults: Arc::clone(&faults),
            stop: Arc::clone(&stop),
        });
        let service = Arc::new(Service {
            front: Front::new(&state),
            faults: Arc::clone(&faults),
            recorder: Arc::clone(&state.recorder),
            control,
        });
        let server = Server { listeners: socket.listeners, tls, service };
        let durable = !in_memory(&self.database);
        let running = tokio::spawn(supervise(
            server,
            Arc::clone(&state),
            Arc::clone(&seed),
            data,
            stop.subscribe(),
            durable,
        ));

        Tenant {
            state,
            seed,
            faults,
            user_warnings: warnings,
            authority,
            control_key,
            port: socket.port,
            stop,
            running: Mutex::new(Some(running)),
        }
    }

    /// Everything for tests that look at it; a little for whoever opens the dashboard.
    fn recorded(&self) -> Arc<Recorder> {
        let extent = if self.record || self.control { Extent::All } else { Extent::Latest };
        Arc::new(Recorder::new(extent))
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

/// What the tenant listens with.
struct Socket {
    listeners: Vec<TcpListener>,
    port: u16,
    tls: Option<tls::Ready>,
}

async fn open_keys(domain: &str, data: &DataDir, random: &Arc<dyn Random>) -> Result<Keys, StartError> {
    let (domain, data, random) = (domain.to_owned(), data.clone(), Arc::clone(random));
    let opened = spawn_blocking(move || Keys::open(&domain, &data, &*random));
    Ok(opened.await.map_err(|_| StartError::Stopping)??)
}
