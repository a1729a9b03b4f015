//! Users from a file, in Auth0's bulk-import form.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    ConfigError, TenantConfig,
    defaults::derived_id,
    place::Position,
    source::{self, Source},
};
use crate::passwords::is_argon2;

/// A user of an import, checked.
#[derive(Clone, Debug)]
pub(crate) struct ImportedUser {
    pub(crate) user_id: String,
    pub(crate) connection: String,
    pub(crate) email: Option<String>,
    pub(crate) email_verified: bool,
    pub(crate) username: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) phone_verified: bool,
    pub(crate) name: Option<String>,
    pub(crate) nickname: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) picture: Option<String>,
    pub(crate) blocked: bool,
    pub(crate) password: Option<Password>,
    pub(crate) user_metadata: Map<String, Value>,
    pub(crate) app_metadata: Map<String, Value>,
    /// base32 without padding.
    pub(crate) totp_secrets: Vec<SecretString>,
}

/// A password of an import.
#[derive(Clone, Debug)]
pub(crate) enum Password {
    /// An argon2 hash in PHC string form.
    Hash(SecretString),
    /// The password itself: for a local tenant.
    Plain(SecretString),
}

/// An entry of the import, as it is written.
#[derive(Deserialize)]
struct Entry {
    user_id: Option<String>,
    /// Not in Auth0's form, where a job says it for all: which connection.
    connection: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    username: Option<String>,
    phone_number: Option<String>,
    #[serde(default)]
    phone_verified: bool,
    name: Option<String>,
    nickname: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    picture: Option<String>,
    #[serde(default)]
    blocked: bool,
    /// Not in Auth0's form: the password itself, for a local tenant.
    password: Option<SecretString>,
    password_hash: Option<SecretString>,
    custom_password_hash: Option<CustomHash>,
    #[serde(default)]
    user_metadata: Map<String, Value>,
    #[serde(default)]
    app_metadata: Map<String, Value>,
    #[serde(default)]
    mfa_factors: Vec<Factor>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct CustomHash {
    algorithm: String,
    hash: HashValue,
}

#[derive(Deserialize)]
struct HashValue {
    value: SecretString,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Factor {
    Email {},
    Phone {},
    Totp { secret: SecretString },
}

/// Reads the users of an import, into the default directory unless an entry names another connection; Ada, where nobody
/// else is named. What cannot be honoured comes back, one line each.
pub(crate) fn import(
    source: &Source,
    config: &TenantConfig,
) -> Result<(Vec<ImportedUser>, Vec<String>), ConfigError> {
    let first = config.connections.first().map(|connection| connection.name.as_str());
    let (origin, text) = match source {
        Source::BuiltIn => return Ok((first.map(ada).into_iter().collect(), Vec::new())),
        Source::Text(text) => ("the users".to_owned(), text.clone()),
        Source::File(path) => (path.display().to_string(), source::read(path, USERS_BYTES)?),
    };
    let directory = config.default_directory.as_deref().or(first);
    let entries: Vec<Entry> =
        serde_json::from_str(&text).map_err(|error| ConfigError::json(&origin, &text, &error))?;
    let mut import = Import { origin: &origin, warned: BTreeSet::new(), warnings: Vec::new() };
    let mut users = Vec::with_capacity(entries.len());
    let mut ids = BTreeSet::new();
    for (position, entry) in entries.into_iter().enumerate() {
        let user = import.user(entry, position, directory, config)?;
        for key in [Some(&user.user_id), user.email.as_ref(), user.username.as_ref()].into_iter().flatten() {
            if !ids.insert((user.connection.clone(), key.to_lowercase())) {
                return Err(import.wrong(position, &format!("`{key}` is there twice")));
            }
        }
        users.push(user);
    }
    Ok((users, import.warnings))
}

/// The largest file of users.
const USERS_BYTES: u64 = 512 << 20;

struct Import<'a> {
    origin: &'a str,
    warned: BTreeSet<String>,
    warnings: Vec<String>,
}

impl Import<'_> {
    fn user(
        &mut self,
        entry: Entry,
        position: usize,
        directory: Option<&str>,
        config: &TenantConfig,
    ) -> Result<ImportedUser, ConfigError> {
        let connection = entry
            .connection
            .as_deref()
            .or(directory)
            .filter(|name| config.connection(name).is_some())
            .ok_or_else(|| self.wrong(position, "there is no such database connection in the configuration"))?
            .to_owned();
        let identifier = entry
            .email
            .as_deref()
            .or(entry.username.as_deref())
            .ok_or_else(|| self.wrong(position, "a user needs an `email` or a `username`"))?;
        let user_id = match &entry.user_id {
            Some(id) if id.contains('|') => id.clone(),
            Some(id) => format!("auth0|{id}"),
            None => format!("auth0|{}", &derived_id(&format!("{connection} {identifier}"))[..24]),
        };
        for name in entry.rest.keys() {
            self.warn(position, name, "is not honoured");
        }
        Ok(ImportedUser {
            user_id,
            connection,
            password: self.password(&entry, position),
            totp_secrets: self.totp_secrets(&entry.mfa_factors, position)?,
            email: entry.email,
            email_verified: entry.email_verified,
            username: entry.username,
            phone_number: entry.phone_number,
            phone_verified: entry.phone_verified,
            name: entry.name,
            nickname: entry.nickname,
            given_name: entry.given_name,
            family_name: entry.family_name,
            picture: entry.picture,
            blocked: entry.blocked,
            user_metadata: entry.user_metadata,
            app_metadata: entry.app_metadata,
        })
    }

    fn password(&mut self, entry: &Entry, position: usize) -> Option<Password> {
        if let Some(plain) = &entry.password {
            return Some(Password::Plain(plain.clone()));
        }
        let custom = entry.custom_password_hash.as_ref();
        let hash = match (&entry.password_hash, custom) {
            (Some(hash), _) => hash,
            (None, Some(custom)) if custom.algorithm == "argon2" => &custom.hash.value,
            (None, Some(_)) => {
                self.warn(
                    position,
                    "custom_password_hash",
                    "is not honoured: only argon2 is; the user has no password",
                );
                return None;
            }
            (None, None) => return None,
        };
        if is_argon2(hash.expose_secret()) {
            return Some(Password::Hash(hash.clone()));
        }
        self.warn(
            position,
            "password_hash",
            "is not honoured: only argon2 in PHC form is; the user has no password",
        );
        None
    }

    fn totp_secrets(
        &mut self,
        factors: &[Factor],
        position: usize,
    ) -> Result<Vec<SecretString>, ConfigError> {
        let mut secrets = Vec::new();
        for factor in factors {
            match factor {
                Factor::Totp { secret } if is_base32(secret.expose_secret()) => secrets.push(secret.clone()),
                Factor::Totp { .. } => {
                    return Err(self.wrong(position, "a TOTP secret is base32 in capitals, without padding"));
                }
                Factor::Email {} => self.warn(
                    position,
                    "mfa_factors.email",
                    "is not honoured: this version has no such factor",
                ),
                Factor::Phone {} => self.warn(
                    position,
                    "mfa_factors.phone",
                    "is not honoured: this version has no such factor",
                ),
            }
        }
        Ok(secrets)
    }

    fn warn(&mut self, position: usize, member: &str, what: &str) {
        if self.warned.insert(member.to_owned()) {
            self.warnings.push(format!("{}: [{position}].{member} {what}", self.origin));
        }
    }

    fn wrong(&self, position: usize, problem: &str) -> ConfigError {
        ConfigError::at(self.origin, &format!("[{position}]"), problem.to_owned(), "", Position::default())
    }
}

fn is_base32(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'))
}

/// Ada, who is there when nobody else is.
pub(crate) fn ada(connection: &str) -> ImportedUser {
    ImportedUser {
        user_id: "auth0|65f0c0ffee0ada0000000001".to_owned(),
        connection: connection.to_owned(),
        email: Some(ADA_EMAIL.to_owned()),
        email_verified: true,
        username: None,
        phone_number: None,
        phone_verified: false,
        name: Some("Ada Lovelace".to_owned()),
        nickname: Some("ada".to_owned()),
        given_name: Some("Ada".to_owned()),
        family_name: Some("Lovelace".to_owned()),
        picture: None,
        blocked: false,
        password: Some(Password::Plain(ADA_PASSWORD.into())),
        user_metadata: Map::new(),
        app_metadata: Map::new(),
        totp_secrets: Vec::new(),
    }
}

/// The seeded user's e-mail address.
pub const ADA_EMAIL: &str = "ada@example.com";
/// The seeded user's password.
pub const ADA_PASSWORD: &str = "correct horse battery staple";
