//! Users from a file, in Auth0's bulk-import form.

mod ada;
mod entry;
mod reader;

use std::{
    collections::{BTreeSet, HashSet},
    ops::Range,
};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

pub use self::ada::{ADA_EMAIL, ADA_PASSWORD};
pub(crate) use self::reader::{Fault, Reader};
use super::{
    ConfigError, TenantConfig,
    place::{Position, locate, position},
    source::{self, Source},
};
use crate::model::Digest;

/// Users as they are written, not yet read.
#[derive(Debug)]
pub(crate) struct UsersFile {
    origin: String,
    /// None: Ada alone.
    text: Option<SecretString>,
}

/// A user of an import, checked. What an entry may leave out to keep what is there is an option.
#[derive(Clone, Debug)]
pub(crate) struct ImportedUser {
    pub(crate) user_id: String,
    pub(crate) connection: String,
    pub(crate) email: Option<String>,
    pub(crate) email_verified: Option<bool>,
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
    pub(crate) user_metadata: Option<Map<String, Value>>,
    pub(crate) app_metadata: Option<Map<String, Value>>,
    pub(crate) factors: Vec<ImportedFactor>,
}

/// A password of an import.
#[derive(Clone, Debug)]
pub(crate) enum Password {
    /// [`ADA_PASSWORD`].
    Ada,
    /// A hash as the store keeps it.
    Hash(SecretString),
    /// The password itself: for a local tenant.
    Plain(SecretString),
}

/// An enrolment of an import.
#[derive(Clone, Debug)]
pub(crate) enum ImportedFactor {
    /// Codes by e-mail to this address.
    Email(String),
    /// Text messages to this number.
    Phone(String),
    /// base32 without padding.
    Totp(SecretString),
}

impl UsersFile {
    /// Reads the text of the source.
    pub(crate) fn read(source: &Source) -> Result<Self, ConfigError> {
        let (origin, text) = match source {
            Source::BuiltIn => ("the built-in user".to_owned(), None),
            Source::Text(text) => ("the users".to_owned(), Some(text.clone())),
            Source::File(path) => (path.display().to_string(), Some(source::read(path, BYTES)?)),
        };
        let text = text.map(|mut text| {
            // Some editors begin a file with a mark of its encoding (RFC 8259 section 8.1).
            if text.starts_with('\u{feff}') {
                text.remove(0);
            }
            text.into()
        });
        Ok(Self { origin, text })
    }

    /// Whether reading them takes a while.
    pub(crate) fn is_large(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.expose_secret().len() > LARGE)
    }

    /// What tells this import from others: its text, and the directory that it is meant for.
    pub(crate) fn digest(&self, config: &TenantConfig) -> Digest {
        let text = self.text.as_ref().map_or(ADA_EMAIL, |text| text.expose_secret());
        Digest::of(&format!("{}\n{text}", directory(config).unwrap_or_default()))
    }

    /// The users, in the default directory unless an entry names another connection; and what of them cannot be
    /// honoured, one line each.
    pub(crate) fn users(
        &self,
        config: &TenantConfig,
    ) -> Result<(Vec<ImportedUser>, Vec<String>), ConfigError> {
        let Some(text) = &self.text else {
            let first = config.connections.first();
            return Ok((
                first.map(|connection| ada::ada(&connection.name)).into_iter().collect(),
                Vec::new(),
            ));
        };
        let text = text.expose_secret();
        let entries: Vec<Value> =
            serde_json::from_str(text).map_err(|error| ConfigError::json(&self.origin, text, &error))?;
        let mut import = Import {
            origin: &self.origin,
            text,
            reader: Reader::of_file(config),
            position: 0,
            warned: BTreeSet::new(),
            warnings: Vec::new(),
        };
        if entries.len() > USERS {
            return Err(
                import.wrong_file(&format!("there are {} users; at most {USERS} are taken", entries.len()))
            );
        }
        let mut users = Vec::with_capacity(entries.len());
        let mut ids = HashSet::new();
        for (position, entry) in entries.into_iter().enumerate() {
            import.position = position;
            let user = import.user(entry)?;
            for key in
                [Some(&user.user_id), user.email.as_ref(), user.username.as_ref()].into_iter().flatten()
            {
                if !ids.insert((user.connection.clone(), key.to_lowercase())) {
                    return Err(import.wrong("", &format!("`{key}` is there twice")));
                }
            }
            users.push(user);
        }
        Ok((users, import.warnings))
    }
}

/// The largest file of users.
const BYTES: u64 = 512 << 20;
/// The most users.
const USERS: usize = 1_000_000;
/// A text that takes more than a blink to read.
const LARGE: usize = 256 << 10;

fn directory(config: &TenantConfig) -> Option<&str> {
    let first = config.connections.first().map(|connection| connection.name.as_str());
    config.default_directory.as_deref().or(first)
}

/// One import under way.
struct Import<'a> {
    origin: &'a str,
    text: &'a str,
    reader: Reader<'a>,
    /// The number of the entry at hand.
    position: usize,
    warned: BTreeSet<String>,
    warnings: Vec<String>,
}

impl Import<'_> {
    /// The entry at hand; members of it that are not read are named, each once.
    fn user(&mut self, entry: Value) -> Result<ImportedUser, ConfigError> {
        for name in self.reader.unread(&entry) {
            if self.warned.insert(name.clone()) {
                self.warnings.push(format!("{}: [{}].{name} is not honoured", self.origin, self.position));
            }
        }
        self.reader.user(entry).map_err(|fault| self.wrong(&fault.path, &fault.message))
    }

    /// What is wrong with the entry at hand.
    fn wrong(&self, inside: &str, problem: &str) -> ConfigError {
        let dot = if inside.is_empty() { "" } else { "." };
        let place = format!("[{}]{dot}{inside}", self.position);
        let entry = extent_of_entry(self.text, self.position);
        let begin = position(self.text, entry.start);
        let within = locate(&self.text[entry], inside);
        let at = match within.line {
            0 => begin,
            1 => Position { line: begin.line, column: begin.column + within.column - 1 },
            line => Position { line: begin.line + line - 1, column: within.column },
        };
        ConfigError::at(self.origin, &place, problem.to_owned(), self.text, at)
    }

    fn wrong_file(&self, problem: &str) -> ConfigError {
        ConfigError::at(self.origin, "", problem.to_owned(), "", Position::default())
    }
}

/// The bytes of an entry of a JSON array.
fn extent_of_entry(text: &str, entry: usize) -> Range<usize> {
    let (mut depth, mut count, mut start) = (0_usize, 0, 0);
    let (mut quoted, mut escaped) = (false, false);
    for (index, byte) in text.bytes().enumerate() {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        let ends = (byte == b',' && depth == 1) || depth == 0 && byte == b']';
        if byte == b'[' && depth == 1 {
            start = index + 1;
        } else if ends && count == entry {
            let space = text[start..index].len() - text[start..index].trim_start().len();
            return start + space..index;
        } else if ends {
            (count, start) = (count + 1, index + 1);
        }
    }
    0..0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: String) {
        let _ = UsersFile { origin: "the users".to_owned(), text: Some(json.into()) }
            .users(&TenantConfig::built_in());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_a_panic(
            text in "[\\[\\]{}:,\"a-z0-9 $\n]{0,60}",
            member in "(email|mfa_factors|custom_password_hash|password_hash|app_metadata|[a-z_]{1,12})",
            value in "(\\[|\\{|[a-z0-9\"é ]){0,20}",
        ) {
            read(text);
            read(format!(r#"[{{"email":"a@b","{member}":{value}}}]"#));
            read(format!(r#"[{{"email":"a@b","{member}":{}}}]"#, Value::from(value)));
        }
    }
}
