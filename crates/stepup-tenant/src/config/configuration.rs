//! The configuration of a running tenant, which may change: by its file, by the Management API, by another process.
//!
//! What requests read is an immutable [`Snapshot`]. A change makes a new one: the file's document, with the changes
//! that are kept in the store laid over it entity by entity, checked whole, and swapped. A request that is under way
//! keeps the one it began with.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::{
    ConfigError, SystemError, TenantConfig, changes,
    defaults::{self, Place},
    document::Document,
    inventory, load,
    source::{Files, Keywords, Source},
    system::with_own_clients,
    watch::Watched,
};
use crate::{
    model::Settings,
    state::Issuer,
    store::{Store, StoreError},
};

/// The configuration of a running tenant, and the way to change it.
pub struct Configuration {
    source: Source,
    issuer: Issuer,
    key: Zeroizing<[u8; 32]>,
    store: Arc<dyn Store>,
    /// Whoever holds it may change the configuration: one change after the other.
    base: Mutex<Base>,
    current: RwLock<Arc<Snapshot>>,
}

/// One state of the configuration.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) document: Arc<Document>,
    pub(crate) config: Arc<TenantConfig>,
    /// Of the changes that are laid over the file.
    version: u64,
}

/// What changes are laid over.
pub(super) struct Base {
    files: Files,
    /// With ids and defaults filled in.
    document: Document,
    warnings: Vec<String>,
    /// What it was read from.
    watched: Watched,
}

impl Configuration {
    /// The configuration that `files`, read from `source`, and the changes kept in `store` make together.
    ///
    /// # Errors
    /// [`ChangeError`] where they cannot be used.
    pub(crate) async fn open(
        source: Source,
        files: Files,
        issuer: Issuer,
        key: [u8; 32],
        store: Arc<dyn Store>,
    ) -> Result<Self, ChangeError> {
        let place = Place { issuer: &issuer, key: &key };
        let base = Base::new(files, &place)?;
        let current = base.with(&store.settings().await?, &place)?;
        Ok(Self {
            source,
            issuer,
            key: Zeroizing::new(key),
            store,
            base: Mutex::new(base),
            current: RwLock::new(Arc::new(current)),
        })
    }

    /// The whole effective configuration: ids and defaults filled in, members that are not honoured as they are,
    /// secrets in the clear.
    #[must_use]
    pub fn document(&self) -> Arc<Document> {
        Arc::clone(&self.snapshot().document)
    }

    /// The same as requests read it.
    #[must_use]
    pub fn config(&self) -> Arc<TenantConfig> {
        Arc::clone(&self.snapshot().config)
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the configuration: `change` edits a copy of the document, or refuses. Once this returns, the change is
    /// kept in the store, entity by entity, and every request that comes in sees it. Returns what `change` returns.
    ///
    /// Changes are made one after the other. Where another process was faster, `change` is called again, on what that
    /// one made.
    ///
    /// # Errors
    /// Whatever `change` refuses with; [`ChangeError::Invalid`] where what it made of the document cannot be used;
    /// [`ChangeError::Store`] where it cannot be kept. Then nothing has changed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use stepup_tenant::{Tenant, config::{ChangeError, Section}};
    ///
    /// let tenant = Tenant::builder().start().await?;
    /// let configuration = &tenant.state().configuration;
    /// configuration
    ///     .change(|document| {
    ///         document.object_mut(Section::Tenant).insert("friendly_name".to_owned(), "Bank".into());
    ///         Ok::<_, ChangeError>(())
    ///     })
    ///     .await?;
    /// assert_eq!(configuration.config().friendly_name, "Bank");
    /// # Ok(()) }
    /// ```
    pub async fn change<T, E: From<ChangeError>>(
        &self,
        mut change: impl FnMut(&mut Document) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        let base = self.base.lock().await;
        loop {
            self.catch_up(&base).await?;
            let before = self.snapshot();
            let mut document = (*before.document).clone();
            let returned = change(&mut document)?;
            let mut after = base.snapshot(document, &self.place())?;
            let changes = changes::between(&base.document, &before.document, &after.document);
            if changes.is_empty() {
                return Ok(returned);
            }
            let kept = self.store.keep_settings(before.version, &changes).await.map_err(ChangeError::from)?;
            if let Some(version) = kept {
                after.version = version;
                self.swap(after);
                return Ok(returned);
            }
        }
    }

    /// Reads the file again and takes it over, with the changes that are kept laid over it. Returns what differs, one
    /// line each.
    ///
    /// # Errors
    /// [`ChangeError`] where it cannot be used: then the configuration stays as it is.
    pub async fn reload(&self) -> Result<Vec<String>, ChangeError> {
        self.read_again(&mut *self.base.lock().await).await
    }

    async fn read_again(&self, base: &mut Base) -> Result<Vec<String>, ChangeError> {
        // What is broken now is looked at again when it changes.
        base.watched = base.watched.again();
        let newer = Base::new(read(&self.source)?, &self.place())?;
        let after = newer.with(&self.store.settings().await?, &self.place())?;
        let differences = changes::described(&self.snapshot().document, &after.document);
        self.swap(after);
        let before = std::mem::replace(base, newer);
        let told = if differences.is_empty() { "nothing has changed" } else { &differences.join("; ") };
        tracing::warn!("the configuration was read again: {told}");
        for warning in base.warnings.iter().filter(|warning| !before.warnings.contains(warning)) {
            tracing::warn!("{warning}");
        }
        Ok(differences)
    }

    /// Takes over what has changed, in the files or by other processes. What cannot be used is told once, and the
    /// configuration stays as it is.
    pub(crate) async fn look(&self) {
        let mut base = self.base.lock().await;
        let looked = if base.watched == base.watched.again() {
            self.catch_up(&base).await
        } else {
            self.read_again(&mut base).await.map(drop)
        };
        if let Err(error) = looked {
            let excerpt = error.excerpt().map(|excerpt| format!("\n{excerpt}")).unwrap_or_default();
            let error = &error as &dyn std::error::Error;
            tracing::error!(
                error,
                "the configuration has changed and cannot be used: it stays as it was{excerpt}"
            );
        }
    }

    /// Takes over what other processes have changed since.
    ///
    /// # Errors
    /// [`ChangeError`] where it cannot be used: then the configuration stays as it is.
    pub async fn refresh(&self) -> Result<(), ChangeError> {
        let base = self.base.lock().await;
        self.catch_up(&base).await
    }

    async fn catch_up(&self, base: &Base) -> Result<(), ChangeError> {
        if self.store.settings_version().await? != self.snapshot().version {
            self.swap(base.with(&self.store.settings().await?, &self.place())?);
        }
        Ok(())
    }

    fn swap(&self, snapshot: Snapshot) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }

    fn place(&self) -> Place<'_> {
        Place { issuer: &self.issuer, key: &*self.key }
    }
}

/// Reads a configuration as it is written, with what the environment fills in.
pub(crate) fn read(source: &Source) -> Result<Files, ConfigError> {
    source.read(&Keywords::from_environment()?)
}

/// What requests of a tenant at `issuer` read of `files`, without a store.
#[cfg(test)]
pub(super) fn config_of(files: &Files, issuer: &Issuer) -> Result<TenantConfig, ChangeError> {
    checked(Document::new(files.members.clone()), files, &Place { issuer, key: &[0; 32] })
        .map(|(_, config)| config)
}

impl Base {
    pub(super) fn new(files: Files, place: &Place<'_>) -> Result<Self, ChangeError> {
        let unset = inventory::unset_keywords(&files)?;
        let (document, config) = checked(Document::new(files.members.clone()), &files, place)?;
        let mut warnings = inventory::unhonoured(&files);
        warnings.extend(unset);
        warnings.extend(config.warnings);
        // The engine takes memory, which a tenant without Actions of its own need not have before the first login.
        if !files.built_in {
            warnings.extend(load::check_code(&document, &files)?);
        }
        let watched = Watched::now(files.watched.iter().cloned());
        Ok(Self { files, document, warnings, watched })
    }

    /// The file's document with `kept` laid over it.
    pub(super) fn with(&self, kept: &Settings, place: &Place<'_>) -> Result<Snapshot, ChangeError> {
        let mut document = self.document.clone();
        changes::lay_over(&mut document, &kept.changes);
        Ok(Snapshot { version: kept.version, ..self.snapshot(document, place)? })
    }

    fn snapshot(&self, document: Document, place: &Place<'_>) -> Result<Snapshot, ChangeError> {
        // What is wrong with a document that is no longer the file's does not stand in the file.
        let changed = Files::without_text("the configuration with its changes");
        let files = if document == self.document { &self.files } else { &changed };
        let (document, config) = checked(document, files, place)?;
        let config = TenantConfig { warnings: self.warnings.clone(), ..config };
        Ok(Snapshot { document: Arc::new(document), config: Arc::new(config), version: 0 })
    }
}

/// Fills in a document, checks it whole, and makes of it what requests read.
fn checked(
    mut document: Document,
    files: &Files,
    place: &Place<'_>,
) -> Result<(Document, TenantConfig), ChangeError> {
    load::check_forms(&mut document, files)?;
    defaults::fill(&mut document, place);
    let config = load::tenant(&with_own_clients(&document, place), files)?;
    config.check_reach(place.issuer)?;
    Ok((document, config))
}

impl fmt::Debug for Configuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Configuration").field("source", &self.source).finish_non_exhaustive()
    }
}

/// Why a configuration is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// It cannot be used.
    #[error(transparent)]
    Invalid(#[from] ConfigError),
    /// It may not be used at the tenant's address.
    #[error(transparent)]
    Reach(#[from] SystemError),
    /// It cannot be kept, or what is kept cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ChangeError {
    /// The lines around what is wrong with a caret under it, for people; none where they are not known.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        match self {
            Self::Invalid(error) => error.excerpt(),
            Self::Reach(_) | Self::Store(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_text_makes_a_panic(
            section in "(clients|tenant|actions|triggers|guardianFactors|clientGrants|databases|stepup|[a-z]{1,9})",
            text in "[\\[\\]{}:,\"'&*!|>a-z0-9 \n#@-]{0,80}",
        ) {
            let issuer = Issuer::new("http://localhost:4400/".parse().unwrap());
            for text in [text.clone(), format!("{section}: {text}"), format!("{section}: [{{ name: {text} }}]")] {
                if let Ok(files) = Files::single("the configuration", &text, &Keywords::default()) {
                    let _ = config_of(&files, &issuer);
                }
            }
        }
    }
}
