//! The state at start: the users that the configuration brings.

use secrecy::SecretString;
use stepup_protocol::time::UnixTime;

use crate::{
    config::{
        ChangeError,
        users::{ImportedUser, Password},
    },
    model::{Authenticator, Credential, User},
    passwords::{PasswordError, Passwords},
    state::State,
    store::{Store, StoreError},
};

/// What a reset goes back to. Passwords are hashed once.
#[derive(Debug)]
pub(crate) struct Seed {
    users: Vec<(User, Vec<Authenticator>)>,
}

/// The state at start could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// A password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Seed {
    /// Prepares the users.
    pub(crate) async fn prepare(
        imported: Vec<ImportedUser>,
        passwords: &Passwords,
        random: &dyn stepup_seal::Random,
        now: UnixTime,
    ) -> Result<Self, SeedError> {
        let mut users = Vec::with_capacity(imported.len());
        for imported in imported {
            let password_hash = match &imported.password {
                None => None,
                Some(Password::Hash(hash)) => Some(hash.clone()),
                Some(Password::Plain(plain)) => Some(passwords.hash(plain.clone()).await?),
            };
            let authenticators = imported
                .totp_secrets
                .iter()
                .map(|secret| totp(&imported.user_id, secret, random, now))
                .collect();
            users.push((user(imported, password_hash, now), authenticators));
        }
        Ok(Self { users })
    }

    /// Adds the users that are not there yet; those that are keep what became of them.
    pub(crate) async fn plant(&self, store: &dyn Store) -> Result<(), StoreError> {
        for (user, authenticators) in &self.users {
            match store.insert_user(user).await {
                Ok(()) => {
                    for authenticator in authenticators {
                        store.insert_authenticator(authenticator).await?;
                    }
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Brings everything back to the state at start, the clock and the configuration included.
    pub(crate) async fn reset(&self, state: &State) -> Result<(), ChangeError> {
        // What is still queued belongs to what is about to be forgotten.
        state.log.flush().await;
        state.store.clear().await?;
        state.clock.reset();
        state.actions.clear_cache();
        self.plant(&*state.store).await?;
        state.configuration.refresh().await
    }
}

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

fn totp(
    user_id: &str,
    secret: &SecretString,
    random: &dyn stepup_seal::Random,
    now: UnixTime,
) -> Authenticator {
    Authenticator {
        id: format!("totp|dev_{}", stepup_seal::base62(random, 16)),
        user_id: user_id.to_owned(),
        credential: Credential::totp(secret.clone()),
        name: None,
        created_at: now,
        confirmed_at: Some(now),
        last_used_at: None,
    }
}
