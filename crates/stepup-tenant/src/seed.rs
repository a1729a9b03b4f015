//! The state at start: the users that the configuration brings.

use tokio::sync::OnceCell;

use crate::{
    config::{
        ChangeError, ConfigError, TenantConfig,
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
    file: UsersFile,
    importer: Importer,
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

impl Seed {
    pub(crate) fn new(file: UsersFile, importer: Importer) -> Self {
        Self { file, importer, users: OnceCell::new() }
    }

    /// Adds the users that are not there yet; those that are keep what became of them. An import that was made before
    /// is not made again, so that a user who was deleted stays deleted. Returns what of the users cannot be honoured,
    /// one line each; of a large import that was made before, nothing is read.
    pub(crate) async fn plant(
        &self,
        store: &dyn Store,
        config: &TenantConfig,
    ) -> Result<Vec<String>, SeedError> {
        let digest = self.file.digest(config);
        let known = store.was_imported(&digest).await?;
        if known && self.file.is_large() {
            return Ok(Vec::new());
        }
        let (imported, warnings) = self.file.users(config)?;
        if !known {
            let users = self.users.get_or_try_init(|| self.prepare(imported)).await?;
            for some in users.chunks(AT_ONCE) {
                store.import_users(some).await?;
            }
            store.remember_import(&digest).await?;
        }
        Ok(warnings)
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

    async fn prepare(&self, imported: Vec<ImportedUser>) -> Result<Vec<Imported>, PasswordError> {
        let mut users = Vec::with_capacity(imported.len());
        for imported in imported {
            users.push(self.importer.prepare(imported).await?);
        }
        Ok(users)
    }
}

/// Users of one transaction: others who write need not wait long.
const AT_ONCE: usize = 1000;
