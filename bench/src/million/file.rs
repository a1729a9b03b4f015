//! A database with many authenticators, as the tenant's own store writes them.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::Connection;
use secrecy::SecretString;
use stepup_protocol::time::UnixTime;
use stepup_tenant::{
    SystemRandom,
    model::{Authenticator, Credential, PhoneChannel, PhoneReach, User},
    passwords::{Cost, Passwords},
    store::{Imported, Imports as _, SqliteStore, Store as _, Vault},
};

use crate::tenant::Tenant;

/// The secret of every app, each sealed for its own row.
pub(super) const APP: &str = "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4";
pub(super) const PASSWORD: &str = "correct horse battery staple";
const CONFIGURATION: &str = include_str!("../../tenant.yaml");
const CONNECTION: &str = "Username-Password-Authentication";
/// What seals the secrets; it lies where the tenant keeps its own.
const VAULT_KEY: [u8; 32] = *b"the key of the vault of a bench!";
/// When all were enrolled.
const THEN: UnixTime = UnixTime::from_seconds(1_767_225_600);
/// Users of one transaction.
const AT_ONCE: u32 = 5000;
/// Grows when the users are made in another way.
const EDITION: u32 = 1;

/// Of so many users one has a phone, the others an app.
pub(super) const PHONES: u32 = 10;

/// A data folder with a database of so many users, each with one authenticator.
pub(super) struct File {
    folder: PathBuf,
    pub(super) users: u32,
}

impl File {
    /// The file in `folder`; it is made where there is none, or where it is of another schema.
    pub(super) async fn prepare(folder: &Path, users: u32) -> anyhow::Result<Self> {
        let file = Self { folder: folder.to_owned(), users };
        fs::create_dir_all(folder)?;
        let made = folder.join("made");
        let wanted =
            format!("edition {EDITION}, {users} users\n{}", schema(&folder.join("schema.db")).await?);
        if fs::read_to_string(&made).is_ok_and(|found| found == wanted) {
            return Ok(file);
        }
        fs::remove_dir_all(folder)?;
        fs::create_dir_all(folder)?;
        fs::write(folder.join("vault.key"), VAULT_KEY)?;
        fs::write(folder.join("tenant.yaml"), CONFIGURATION)?;
        file.fill().await?;
        fs::write(made, wanted)?;
        Ok(file)
    }

    async fn fill(&self) -> anyhow::Result<()> {
        let store = self.open()?;
        let passwords = Passwords::new(Cost::Fast, Arc::new(SystemRandom::default()));
        let hash = passwords.hash(PASSWORD.into()).await?;
        for first in (0..self.users).step_by(AT_ONCE as usize) {
            let some: Vec<_> =
                (first..self.users.min(first + AT_ONCE)).map(|number| imported(number, &hash)).collect();
            store.import_users(&some).await?;
        }
        store.close().await;
        Ok(())
    }

    /// The store on it, beside the tenant's.
    pub(super) fn open(&self) -> anyhow::Result<SqliteStore> {
        Ok(SqliteStore::open(&self.url(), Vault::new(&VAULT_KEY))?)
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.folder.join("tenant.db").display())
    }

    /// A tenant on it.
    pub(super) fn start(&self, stepup: &Path) -> anyhow::Result<Tenant> {
        let (url, configuration) = (self.url(), self.folder.join("tenant.yaml"));
        let arguments: [&OsStr; 4] =
            ["--database".as_ref(), url.as_ref(), "--config".as_ref(), configuration.as_ref()];
        Tenant::start_with(stepup, &self.folder, &arguments)
    }
}

/// Whether the user with this number has a phone.
pub(super) const fn has_phone(number: u32) -> bool {
    number.is_multiple_of(PHONES)
}

pub(super) fn email(number: u32) -> String {
    format!("user-{number}@example.com")
}

pub(super) fn phone_number(number: u32) -> String {
    format!("+1{:010}", 2_025_000_000_u64 + u64::from(number))
}

fn imported(number: u32, hash: &SecretString) -> Imported {
    let user_id = format!("auth0|{number:024x}");
    let credential = if has_phone(number) {
        Credential::Phone { number: phone_number(number), reach: PhoneReach::only(PhoneChannel::Sms) }
    } else {
        Credential::totp(APP.into())
    };
    let authenticator = Authenticator {
        id: format!("{}|dev_{number:016}", credential.prefix()),
        user_id: user_id.clone(),
        credential,
        name: None,
        created_at: THEN,
        confirmed_at: Some(THEN),
        last_used_at: None,
    };
    let user = User {
        user_id,
        connection: CONNECTION.to_owned(),
        email: Some(email(number)),
        // no authenticator comes of an address that is not verified
        email_verified: false,
        username: None,
        phone_number: None,
        phone_verified: false,
        name: format!("User {number}"),
        nickname: format!("user-{number}"),
        given_name: None,
        family_name: None,
        picture: None,
        password_hash: Some(hash.clone()),
        user_metadata: serde_json::Map::new(),
        app_metadata: serde_json::Map::new(),
        blocked: false,
        logins_count: 0,
        last_login: None,
        last_password_reset: None,
        created_at: THEN,
        updated_at: THEN,
    };
    Imported { user, authenticators: vec![authenticator] }
}

/// The tables and indexes of this version, as it makes them in a new file.
async fn schema(file: &Path) -> anyhow::Result<String> {
    let url = format!("sqlite://{}", file.display());
    SqliteStore::open(&url, Vault::new(&VAULT_KEY))?.close().await;
    let connection = Connection::open(file)?;
    let tables = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    drop(connection);
    fs::remove_file(file)?;
    Ok(tables.join(";\n"))
}
