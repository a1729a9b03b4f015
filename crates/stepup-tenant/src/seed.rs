//! The state at start: the users that the configuration brings.

use std::sync::Arc;

use secrecy::SecretString;
use stepup_protocol::time::UnixTime;
use stepup_seal::Random;
use tokio::sync::OnceCell;

use crate::{
    clock::VirtualClock,
    config::{
        ChangeError, ConfigError, TenantConfig,
        users::{ImportedFactor, ImportedUser, Password, UsersFile},
    },
    model::{Authenticator, Credential, PhoneChannel, PhoneReach, User},
    passwords::{PasswordError, Passwords},
    state::State,
    store::{Imported, Store, StoreError},
};

/// What a reset goes back to.
#[derive(Debug)]
pub(crate) struct Seed {
    file: UsersFile,
    passwords: Passwords,
    random: Arc<dyn Random>,
    clock: VirtualClock,
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
    pub(crate) fn new(
        file: UsersFile,
        passwords: Passwords,
        random: Arc<dyn Random>,
        clock: VirtualClock,
    ) -> Self {
        Self { file, passwords, random, clock, users: OnceCell::new() }
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
        // What is still queued belongs to what is about to be forgotten.
        state.log.flush().await;
        state.store.clear().await?;
        state.clock.reset();
        state.actions.clear_cache();
        state.configuration.refresh().await?;
        self.plant(&*state.store, &state.configuration.config()).await?;
        Ok(())
    }

    async fn prepare(&self, imported: Vec<ImportedUser>) -> Result<Vec<Imported>, PasswordError> {
        let now = self.clock.now();
        let mut users = Vec::with_capacity(imported.len());
        for imported in imported {
            let password_hash = match &imported.password {
                None => None,
                Some(Password::Ada) => Some(self.passwords.of_ada()),
                Some(Password::Hash(hash)) => Some(hash.clone()),
                Some(Password::Plain(plain)) => Some(self.passwords.hash(plain.clone()).await?),
            };
            let enrolled = imported.factors.iter();
            let authenticators =
                enrolled.map(|factor| self.authenticator(&imported.user_id, factor, now)).collect();
            users.push(Imported { user: user(imported, password_hash, now), authenticators });
        }
        Ok(users)
    }

    fn authenticator(&self, user_id: &str, factor: &ImportedFactor, now: UnixTime) -> Authenticator {
        let credential = match factor {
            ImportedFactor::Email(address) => Credential::Email { address: address.clone() },
            ImportedFactor::Phone(number) => {
                Credential::Phone { number: number.clone(), reach: PhoneReach::only(PhoneChannel::Sms) }
            }
            ImportedFactor::Totp(secret) => Credential::totp(secret.clone()),
        };
        Authenticator {
            id: format!("{}|dev_{}", credential.prefix(), stepup_seal::base62(&*self.random, 16)),
            user_id: user_id.to_owned(),
            credential,
            name: None,
            created_at: now,
            confirmed_at: Some(now),
            last_used_at: None,
        }
    }
}

/// Users of one transaction: others who write need not wait long.
const AT_ONCE: usize = 1000;

fn user(imported: ImportedUser, password_hash: Option<SecretString>, now: UnixTime) -> User {
    let address = imported.email.clone().or_else(|| imported.username.clone()).unwrap_or_default();
    let nickname = address.split('@').next().unwrap_or_default().to_owned();
    User {
        user_id: imported.user_id,
        connection: imported.connection,
        name: imported.name.unwrap_or(address),
        nickname: imported.nickname.unwrap_or(nickname),
        email: imported.email,
        email_verified: imported.email_verified,
        username: imported.username,
        phone_number: imported.phone_number,
        phone_verified: imported.phone_verified,
        given_name: imported.given_name,
        family_name: imported.family_name,
        picture: imported.picture,
        password_hash,
        user_metadata: imported.user_metadata,
        app_metadata: imported.app_metadata,
        blocked: imported.blocked,
        logins_count: 0,
        last_login: None,
        last_password_reset: None,
        created_at: now,
        updated_at: now,
    }
}
