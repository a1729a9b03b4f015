//! A new password for somebody who has an account.

use secrecy::SecretString;

use super::{
    PasswordError,
    policy::{PasswordPolicy, Refusal},
};
use crate::{model::User, state::State, store::StoreError};

/// Why a user does not get a new password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChoiceError {
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A password that its user may have.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// In PHC string form.
    pub(crate) hash: SecretString,
    /// How many of the user's earlier ones are to be remembered.
    pub(crate) remembered: u32,
}

/// Judges `password` by the policy of the user's connection and by the passwords that they had.
pub(crate) async fn choose(tenant: &State, user: &User, password: &str) -> Result<Chosen, ChoiceError> {
    let policy = policy_of(tenant, user);
    policy.check(password, &user.into())?;
    if let Some(earlier) = policy.history {
        let hashes = tenant.store.earlier_passwords(&user.user_id, earlier).await?;
        for hash in user.password_hash.iter().chain(&hashes) {
            if tenant.passwords.verify(password.into(), Some(hash.clone())).await? {
                return Err(Refusal::Used.into());
            }
        }
    }
    let hash = tenant.passwords.hash(password.into()).await?;
    Ok(Chosen { hash, remembered: policy.history.unwrap_or_default() })
}

/// What the password of this user must be.
pub(crate) fn policy_of(tenant: &State, user: &User) -> PasswordPolicy {
    let connection = tenant.config.connection(&user.connection);
    connection.map(|connection| connection.passwords.clone()).unwrap_or_default()
}
