//! Users that a file or a job brings, made ready for the store.

use std::sync::Arc;

use secrecy::SecretString;
use stepup_protocol::time::UnixTime;
use stepup_seal::Random;

use crate::{
    clock::VirtualClock,
    config::users::{ImportedFactor, ImportedUser, Password},
    model::{Authenticator, Credential, PhoneChannel, PhoneReach, ProfileUpdate, User},
    passwords::{PasswordError, Passwords},
    store::Imported,
};

/// Makes users of entries.
#[derive(Clone, Debug)]
pub(crate) struct Importer {
    pub(crate) passwords: Passwords,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) clock: VirtualClock,
}

impl Importer {
    /// The user of an entry, with what is enrolled.
    ///
    /// # Errors
    /// A password in clear could not be hashed.
    pub(crate) async fn prepare(&self, imported: ImportedUser) -> Result<Imported, PasswordError> {
        let now = self.clock.now();
        let password_hash = match &imported.password {
            None => None,
            Some(Password::Ada) => Some(self.passwords.of_ada()),
            Some(Password::Hash(hash)) => Some(hash.clone()),
            Some(Password::Plain(plain)) => Some(self.passwords.hash(plain.clone()).await?),
        };
        let enrolled = imported.factors.iter();
        let authenticators =
            enrolled.map(|factor| self.authenticator(&imported.user_id, factor, now)).collect();
        Ok(Imported { user: user(imported, password_hash, now), authenticators })
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

/// What an entry says of a user who is there already, as far as an import may change it.
///
/// # Parameters
/// - `hash`: a hash of another system's, which takes the place of one that was imported and not used yet.
pub(crate) fn update(imported: &ImportedUser, hash: Option<SecretString>) -> ProfileUpdate {
    ProfileUpdate {
        email_verified: imported.email_verified,
        name: imported.name.clone(),
        nickname: imported.nickname.clone(),
        given_name: imported.given_name.clone(),
        family_name: imported.family_name.clone(),
        picture: imported.picture.clone(),
        user_metadata: imported.user_metadata.clone(),
        app_metadata: imported.app_metadata.clone(),
        imported_hash: hash,
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
        email_verified: imported.email_verified.unwrap_or(false),
        username: imported.username,
        phone_number: imported.phone_number,
        phone_verified: imported.phone_verified,
        given_name: imported.given_name,
        family_name: imported.family_name,
        picture: imported.picture,
        password_hash,
        user_metadata: imported.user_metadata.unwrap_or_default(),
        app_metadata: imported.app_metadata.unwrap_or_default(),
        blocked: imported.blocked,
        logins_count: 0,
        last_login: None,
        last_password_reset: None,
        created_at: now,
        updated_at: now,
    }
}
