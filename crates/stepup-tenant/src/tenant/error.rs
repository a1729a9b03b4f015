//! Why a tenant cannot start.

use crate::{
    config::{ChangeError, ConfigError, SystemError},
    data_dir::DataDirError,
    keys::KeysError,
    ready::ReadyFileError,
    seed::SeedError,
    server::{BindError, TlsError},
    store::StoreError,
};

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

impl StartError {
    /// The lines around what is wrong with the configuration or the users, with a caret under it; none where it is neither,
    /// or the place is not known.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        match self {
            Self::Config(error) => error.excerpt(),
            Self::Seed(error) => error.excerpt(),
            _ => None,
        }
    }
}

impl From<ChangeError> for StartError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(error) => error.into(),
            ChangeError::Reach(error) => error.into(),
            ChangeError::Store(error) => error.into(),
        }
    }
}
