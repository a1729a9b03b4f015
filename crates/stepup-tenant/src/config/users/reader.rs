//! One entry of an import, read and checked.

use secrecy::ExposeSecret;
use serde_json::Value;

use super::{
    ImportedFactor, ImportedUser, Password, directory,
    entry::{Entry, Factor, RESERVED},
};
use crate::{
    config::{TenantConfig, defaults::derived_id, error::without_value},
    factors::{email::is_address as is_email, phone::is_e164 as is_phone},
    passwords::{imported::is_bcrypt, is_argon2},
};

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// As the errors of an import job name it.
    pub(crate) code: &'static str,
    /// Where in the entry; may be empty.
    pub(crate) path: String,
    /// What is there, what was expected, and the mend; without secrets.
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, path: &str, message: impl Into<String>) -> Self {
        Self { code, path: path.to_owned(), message: message.into() }
    }
}

/// Reads entries.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    config: &'a TenantConfig,
    /// The connection that all users belong to; none: each says it, or means the default directory.
    connection: Option<&'a str>,
}

impl<'a> Reader<'a> {
    /// Reads entries of a file, which may say a connection and a password in clear.
    pub(crate) const fn of_file(config: &'a TenantConfig) -> Self {
        Self { config, connection: None }
    }

    /// Reads entries of a job that brings users into one connection: Auth0's form and nothing else.
    pub(crate) const fn of_job(config: &'a TenantConfig, connection: &'a str) -> Self {
        Self { config, connection: Some(connection) }
    }

    /// The members of an entry that are not read.
    pub(crate) fn unread<'e>(&self, entry: &'e Value) -> impl Iterator<Item = &'e String> {
        let of_job = self.connection.is_some();
        let read =
            move |name: &str| Entry::MEMBERS.contains(&name) && !(of_job && Entry::OURS.contains(&name));
        entry.as_object().into_iter().flat_map(|members| members.keys()).filter(move |name| !read(name))
    }

    /// The user of an entry.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(crate) fn user(&self, entry: Value) -> Result<ImportedUser, Fault> {
        let entry = parse(entry)?;
        let connection = self
            .connection
            .or(entry.connection.as_deref())
            .or_else(|| directory(self.config))
            .filter(|name| self.config.connection(name).is_some())
            .ok_or_else(|| {
                let message = "there is no such database connection in the configuration";
                Fault::new("CONNECTION_NOT_FOUND", "connection", message)
            })?
            .to_owned();
        let identifier = entry
            .email
            .as_deref()
            .or(entry.username.as_deref())
            .ok_or_else(|| Fault::new("ANY_OF_MISSING", "", "a user needs an `email` or a `username`"))?;
        let user_id = match &entry.user_id {
            Some(id) if id.contains('|') && self.connection.is_none() => id.clone(),
            Some(id) => format!("auth0|{id}"),
            None => format!("auth0|{}", &derived_id(&format!("{connection} {identifier}"))[..24]),
        };
        check_texts(&entry)?;
        Ok(ImportedUser {
            user_id,
            connection,
            password: password(&entry)?,
            factors: factors(entry.mfa_factors)?,
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
}

fn parse(entry: Value) -> Result<Entry, Fault> {
    if !entry.is_object() {
        return Err(Fault::new("INVALID_TYPE", "", "a user must be an object"));
    }
    serde_path_to_error::deserialize(entry).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        let code = match message.split([' ', '`']).next() {
            Some("missing") => "OBJECT_REQUIRED",
            Some("unknown") => "ENUM_MISMATCH",
            _ => "INVALID_TYPE",
        };
        if message.ends_with("expected map with a single key") {
            let message = "a factor is one of `email`, `phone` and `totp`: write an entry for each";
            return Fault::new(code, path.trim_start_matches('.'), message);
        }
        Fault::new(code, path.trim_start_matches('.'), without_value(&message))
    })
}

fn check_texts(entry: &Entry) -> Result<(), Fault> {
    if entry.email.as_deref().is_some_and(|email| !is_email(email)) {
        return Err(Fault::new("FORMAT", "email", "this is not an e-mail address"));
    }
    for (name, text, most) in [
        ("user_id", &entry.user_id, 255),
        ("username", &entry.username, 128),
        ("phone_number", &entry.phone_number, 32),
        ("name", &entry.name, 300),
        ("nickname", &entry.nickname, 300),
        ("given_name", &entry.given_name, 150),
        ("family_name", &entry.family_name, 150),
        ("picture", &entry.picture, 2048),
    ] {
        let length = text.as_ref().map_or(1, |text| text.chars().count());
        if !(1..=most).contains(&length) {
            let code = if length == 0 { "MIN_LENGTH" } else { "MAX_LENGTH" };
            return Err(Fault::new(code, name, format!("this must have 1 to {most} characters")));
        }
    }
    let metadata = entry.app_metadata.iter().flat_map(|metadata| metadata.keys());
    match metadata.into_iter().find(|name| RESERVED.contains(&name.as_str())) {
        Some(name) => Err(Fault::new(
            "NOT_PASSED",
            &format!("app_metadata.{name}"),
            "the service keeps this itself: name it otherwise",
        )),
        None => Ok(()),
    }
}

fn password(entry: &Entry) -> Result<Option<Password>, Fault> {
    let hash = match (&entry.password, &entry.password_hash, &entry.custom_password_hash) {
        (None, None, None) => return Ok(None),
        (Some(plain), None, None) => return Ok(Some(Password::Plain(plain.clone()))),
        (None, Some(hash), None) => {
            if !is_argon2(hash.expose_secret()) && !is_bcrypt(hash.expose_secret()) {
                let message = "this must be a bcrypt hash, $2a$ or $2b$, or argon2 in PHC form";
                return Err(Fault::new("PATTERN", "password_hash", message));
            }
            hash.clone()
        }
        (None, None, Some(custom)) => custom
            .to_kept()
            .map_err(|problem| Fault::new("NOT_PASSED", "custom_password_hash", problem))?
            .into(),
        _ => {
            let message = "only one of `password`, `password_hash` and `custom_password_hash` is allowed";
            return Err(Fault::new("NOT_PASSED", "", message));
        }
    };
    Ok(Some(Password::Hash(hash)))
}

fn factors(factors: Option<Vec<Factor>>) -> Result<Vec<ImportedFactor>, Fault> {
    let Some(factors) = factors else { return Ok(Vec::new()) };
    if !(1..=10).contains(&factors.len()) {
        let code = if factors.is_empty() { "ARRAY_LENGTH_SHORT" } else { "ARRAY_LENGTH_LONG" };
        return Err(Fault::new(code, "mfa_factors", "there must be 1 to 10 factors"));
    }
    let factor = |(index, factor)| {
        let refused = |code, member: &str, message: &str| {
            Err(Fault::new(code, &format!("mfa_factors[{index}].{member}"), message))
        };
        match factor {
            Factor::Totp { secret } if !is_base32(secret.expose_secret()) => {
                refused("PATTERN", "totp.secret", "a TOTP secret is base32 in capitals, without padding")
            }
            Factor::Totp { secret } => Ok(ImportedFactor::Totp(secret)),
            Factor::Phone { value } if !is_phone(&value) => {
                refused("PATTERN", "phone.value", "a phone number is + and 1 to 15 digits")
            }
            Factor::Phone { value } => Ok(ImportedFactor::Phone(value)),
            Factor::Email { value } if !is_email(&value) => {
                refused("FORMAT", "email.value", "this is not an e-mail address")
            }
            Factor::Email { value } => Ok(ImportedFactor::Email(value)),
        }
    };
    factors.into_iter().enumerate().map(factor).collect()
}

fn is_base32(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'))
}
