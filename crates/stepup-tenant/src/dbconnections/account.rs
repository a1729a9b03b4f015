//! A new account.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::mail;
use crate::{
    config::Connection,
    model::User,
    oauth::{audit::Audit, error::TenantFault},
    passwords::{person::Person, policy::Refusal},
    pipeline::Caller,
    state::Shared,
    store::StoreError,
};

/// The longest password that is taken, in bytes.
pub(crate) const LONGEST_PASSWORD: usize = 1024;

/// What somebody signs up with.
#[derive(Debug, Default)]
pub(crate) struct NewAccount {
    /// E-mail address.
    pub(crate) email: Option<String>,
    /// User name.
    pub(crate) username: Option<String>,
    /// Phone number of the profile.
    pub(crate) phone_number: Option<String>,
    /// The password.
    pub(crate) password: SecretString,
    /// Full name.
    pub(crate) name: Option<String>,
    /// Short name.
    pub(crate) nickname: Option<String>,
    /// First name.
    pub(crate) given_name: Option<String>,
    /// Last name.
    pub(crate) family_name: Option<String>,
    /// Address of a picture.
    pub(crate) picture: Option<String>,
    /// What the user may change.
    pub(crate) user_metadata: Map<String, Value>,
}

impl NewAccount {
    fn person(&self) -> Person<'_> {
        Person {
            email: self.email.as_deref(),
            username: self.username.as_deref(),
            name: self.name.as_deref(),
            nickname: self.nickname.as_deref(),
            given_name: self.given_name.as_deref(),
            family_name: self.family_name.as_deref(),
        }
    }
}

/// Why nobody was signed up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignUpError {
    /// Somebody has that address or name. Whoever asks is told no more than that it did not work.
    #[error("Invalid sign up")]
    Taken,
    /// The tenant failed.
    #[error(transparent)]
    Tenant(#[from] TenantFault),
    /// The connection's policy lets nobody have that password, or not this person.
    #[error("{refusal}")]
    Password {
        /// Why.
        refusal: Refusal,
        /// The rules of the policy as one text.
        policy: String,
        /// Which of them are met.
        report: Value,
    },
}

/// Signs somebody up, and mails a link that proves the address.
///
/// # Errors
/// The address or name is taken, the password is weak, or the tenant failed.
pub(crate) async fn sign_up(
    shared: &Shared,
    caller: &Caller,
    client_id: Option<&str>,
    connection: &Connection,
    account: NewAccount,
) -> Result<User, SignUpError> {
    let named = account.email.clone().or_else(|| account.username.clone()).unwrap_or_default();
    let audit = || {
        let audit = Audit::new(shared, caller).connection(&connection.name);
        match client_id.and_then(|id| shared.config.client(id)) {
            Some(client) => audit.client(client),
            None => audit,
        }
    };
    match create(shared, connection, account).await {
        Ok(user) => {
            audit().user(&user).write("ss").await;
            if user.email.is_some()
                && let Err(failure) = mail::verification(shared, &user).await
            {
                // The account stands: another link can be asked for.
                tracing::warn!(error = &failure as &dyn std::error::Error, "a verification mail failed");
            }
            Ok(user)
        }
        Err(error) => {
            audit().named(&named).describe(error.to_string()).write("fs").await;
            Err(error)
        }
    }
}

async fn create(shared: &Shared, connection: &Connection, account: NewAccount) -> Result<User, SignUpError> {
    let policy = &connection.passwords;
    let password = account.password.expose_secret();
    policy.check(password, &account.person()).map_err(|refusal| SignUpError::Password {
        refusal,
        policy: policy.text(),
        report: policy.report(password),
    })?;
    let password_hash = shared.passwords.hash(account.password).await.map_err(TenantFault::Password)?;
    let address = account.email.clone().or_else(|| account.username.clone()).unwrap_or_default();
    let nickname = address.split('@').next().unwrap_or_default().to_owned();
    let now = shared.clock.now();
    let user = User {
        user_id: format!("auth0|{}", new_id(shared)),
        connection: connection.name.clone(),
        email: account.email,
        email_verified: false,
        username: account.username,
        phone_number: account.phone_number,
        phone_verified: false,
        name: account.name.unwrap_or(address),
        nickname: account.nickname.unwrap_or(nickname),
        given_name: account.given_name,
        family_name: account.family_name,
        picture: account.picture,
        password_hash: Some(password_hash),
        user_metadata: account.user_metadata,
        app_metadata: Map::new(),
        blocked: false,
        logins_count: 0,
        last_login: None,
        last_password_reset: None,
        created_at: now,
        updated_at: now,
    };
    match shared.store.insert_user(&user).await {
        Ok(()) => Ok(user),
        Err(StoreError::Conflict { .. }) => Err(SignUpError::Taken),
        Err(error) => Err(SignUpError::Tenant(error.into())),
    }
}

/// 24 hexadecimal digits.
fn new_id(shared: &Shared) -> String {
    let mut bytes = [0; 12];
    shared.random.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
