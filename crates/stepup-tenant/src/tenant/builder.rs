//! What may be set before a tenant starts.

use std::{path::PathBuf, sync::Arc};

use stepup_seal::Random;
use url::Url;

use crate::{SystemRandom, clock::VirtualClock, config::source::Source, passwords::Cost, server::tls::Tls};

/// How a tenant is started. Every setting has a default that is right for a test.
#[derive(Debug)]
pub struct Builder {
    pub(super) port: u16,
    pub(super) host: String,
    pub(super) issuer: Option<Url>,
    pub(super) config: Source,
    pub(super) users: Source,
    pub(super) database: String,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) control: bool,
    pub(super) record: bool,
    pub(super) tls: Option<Tls>,
    pub(super) ready_file: Option<PathBuf>,
    pub(super) clock: VirtualClock,
    pub(super) random: Arc<dyn Random>,
    pub(super) cost: Cost,
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

    /// Whether to keep exchanges for [`Tenant::requests`](super::Tenant::requests); default yes. The control API keeps them always.
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
}
