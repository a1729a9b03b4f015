//! The state at start: the users that the configuration brings.

use std::path::Path;

use tokio::sync::{Mutex, OnceCell};

use crate::{
    config::{
        ADA_EMAIL, ADA_PASSWORD, ChangeError, ConfigError, TenantConfig, Watched,
        source::Source,
        users::{ImportedUser, UsersFile},
    },
    import::Importer,
    passwords::PasswordError,
    state::State,
    store::{Imported, Store, StoreError},
};

/// What a reset goes back to.
#[derive(Debug)]
pub(crate) struct Seed {
    source: Source,
    importer: Importer,
    read: Mutex<Read>,
}

/// The users as they were last read.
#[derive(Debug)]
struct Read {
    file: UsersFile,
    watched: Watched,
    /// Made when they are first needed; passwords are hashed once.
    users: OnceCell<Vec<Imported>>,
}

/// The state at start could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The users cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SeedError {
    /// The lines around what is wrong with a caret under it, for people; none where they are not known.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        match self {
            Self::Change(error) => error.excerpt(),
            Self::Config(error) => error.excerpt(),
            Self::Password(_) | Self::Store(_) => None,
        }
    }
}

impl Seed {
    pub(crate) fn new(source: Source, importer: Importer) -> Result<Self, ConfigError> {
        let read = Mutex::new(Read::of(&source)?);
        Ok(Self { source, importer, read })
    }

    /// Adds the users that are not there yet; those that are keep what became of them. An import that was made before
    /// is not made again, so that a user who was deleted stays deleted. Returns what of the users cannot be honoured,
    /// one line each; of a large import that was made before, nothing is read.
    pub(crate) async fn plant(
        &self,
        store: &dyn Store,
        config: &TenantConfig,
    ) -> Result<Vec<String>, SeedError> {
        let read = self.read.lock().await;
        read.plant(&self.importer, store, config).await.map(|planted| planted.warnings)
    }

    /// Plants the users of a file that has changed since it was read. What cannot be used is told once.
    pub(crate) async fn look(&self, state: &State) {
        let mut read = self.read.lock().await;
        let watched = read.watched.again();
        if watched == read.watched {
            return;
        }
        // What is broken now is looked at again when it changes.
        read.watched = watched;
        let planted = async {
            let newer = Read::of(&self.source)?;
            let planted = newer.plant(&self.importer, &*state.store, &state.configuration.config()).await?;
            Ok::<_, SeedError>((newer, planted))
        };
        match planted.await {
            Ok((newer, Planted { added, warnings })) => {
                *read = newer;
                tracing::warn!("the users were read again: {added} are new, and the others stay as they are");
                warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            }
            Err(error) => {
                let excerpt = error.excerpt().map(|excerpt| format!("\n{excerpt}")).unwrap_or_default();
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the users have changed and cannot be used: they stay{excerpt}");
            }
        }
    }

    /// Whether Ada is there with the password that everybody knows, though others are to be in her place: an earlier start
    /// on the same database has brought her.
    pub(crate) async fn kept_ada(&self, store: &dyn Store, config: &TenantConfig) -> Result<bool, SeedError> {
        let Some(connection) = config.connections.first() else { return Ok(false) };
        let brought = UsersFile::read(&Source::BuiltIn)?.digest(config);
        if matches!(self.source, Source::BuiltIn) || !store.was_imported(&brought).await? {
            return Ok(false);
        }
        let ada = store.user_by_identifier(&connection.name, ADA_EMAIL).await?;
        match ada.and_then(|ada| ada.password_hash) {
            Some(hash) => Ok(self.importer.passwords.verify(ADA_PASSWORD.into(), Some(hash)).await?),
            None => Ok(false),
        }
    }

    /// Brings everything back to the state at start, the clock and the configuration included.
    pub(crate) async fn reset(&self, state: &State) -> Result<(), SeedError> {
        state.store.clear().await?;
        state.clock.reset();
        state.actions.clear_cache();
        state.configuration.refresh().await?;
        self.plant(&*state.store, &state.configuration.config()).await?;
        Ok(())
    }
}

/// What came of planting.
struct Planted {
    added: u64,
    warnings: Vec<String>,
}

impl Read {
    fn of(source: &Source) -> Result<Self, ConfigError> {
        // What changes while it is read is read once more.
        let watched = Watched::now(source.file().map(Path::to_owned));
        Ok(Self { file: UsersFile::read(source)?, watched, users: OnceCell::new() })
    }

    async fn plant(
        &self,
        importer: &Importer,
        store: &dyn Store,
        config: &TenantConfig,
    ) -> Result<Planted, SeedError> {
        let digest = self.file.digest(config);
        let known = store.was_imported(&digest).await?;
        if known && self.file.is_large() {
            return Ok(Planted { added: 0, warnings: Vec::new() });
        }
        let (imported, warnings) = self.file.users(config)?;
        let mut added = 0;
        if !known {
            let users = self.users.get_or_try_init(|| prepare(importer, imported)).await?;
            for some in users.chunks(AT_ONCE) {
                added += store.import_users(some).await?;
            }
            store.remember_import(&digest).await?;
        }
        Ok(Planted { added, warnings })
    }
}

async fn prepare(importer: &Importer, imported: Vec<ImportedUser>) -> Result<Vec<Imported>, PasswordError> {
    let mut users = Vec::with_capacity(imported.len());
    for imported in imported {
        users.push(importer.prepare(imported).await?);
    }
    Ok(users)
}

/// Users of one transaction: others who write need not wait long.
const AT_ONCE: usize = 1000;
