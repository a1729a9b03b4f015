//! A user of an import, as it is written: Auth0's bulk-import form, and two members more for a local tenant.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::passwords::imported::CustomHash;

/// The members that are read. [`Entry::MEMBERS`] names them.
#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) user_id: Option<String>,
    /// Not in Auth0's form, where a job says it for all: which connection.
    pub(super) connection: Option<String>,
    pub(super) email: Option<String>,
    pub(super) email_verified: Option<bool>,
    pub(super) username: Option<String>,
    pub(super) phone_number: Option<String>,
    #[serde(default)]
    pub(super) phone_verified: bool,
    pub(super) name: Option<String>,
    pub(super) nickname: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) family_name: Option<String>,
    pub(super) picture: Option<String>,
    #[serde(default)]
    pub(super) blocked: bool,
    /// Not in Auth0's form: the password itself.
    pub(super) password: Option<SecretString>,
    pub(super) password_hash: Option<SecretString>,
    pub(super) custom_password_hash: Option<CustomHash>,
    pub(super) user_metadata: Option<Map<String, Value>>,
    pub(super) app_metadata: Option<Map<String, Value>>,
    pub(super) mfa_factors: Option<Vec<Factor>>,
}

impl Entry {
    pub(super) const MEMBERS: [&str; 19] = [
        "user_id",
        "connection",
        "email",
        "email_verified",
        "username",
        "phone_number",
        "phone_verified",
        "name",
        "nickname",
        "given_name",
        "family_name",
        "picture",
        "blocked",
        "password",
        "password_hash",
        "custom_password_hash",
        "user_metadata",
        "app_metadata",
        "mfa_factors",
    ];

    /// Those of them that are not in Auth0's form.
    pub(super) const OURS: [&str; 2] = ["connection", "password"];
}

/// An enrolment, confirmed.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Factor {
    Email { value: String },
    Phone { value: String },
    Totp { secret: SecretString },
}

/// Members that `app_metadata` must not have: the service keeps them itself.
pub(super) const RESERVED: [&str; 18] = [
    "__tenant",
    "_id",
    "blocked",
    "clientID",
    "created_at",
    "email",
    "email_verified",
    "globalClientID",
    "global_client_id",
    "identities",
    "lastIP",
    "lastLogin",
    "loginsCount",
    "metadata",
    "multifactor",
    "multifactor_last_modified",
    "updated_at",
    "user_id",
];
