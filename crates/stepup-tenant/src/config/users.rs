//! Users from a file, in Auth0's bulk-import form.

use secrecy::SecretString;
use serde_json::{Map, Value};

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
