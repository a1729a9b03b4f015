//! A person with an account.

use secrecy::SecretString;
use serde_json::{Map, Value};
use stepup_protocol::time::UnixTime;

/// A user of one database connection.
#[derive(Clone, Debug)]
pub struct User {
    /// `auth0|{24 characters}`: the `sub` of every token.
    pub user_id: String,
    /// The name of the connection that holds the account.
    pub connection: String,
    /// E-mail address, as the user wrote it; compared without regard to case.
    pub email: Option<String>,
    /// Whether the address is known to be the user's.
    pub email_verified: bool,
    /// User name, where the connection has them.
    pub username: Option<String>,
    /// Phone number of the profile, E.164.
    pub phone_number: Option<String>,
    /// Whether the number is known to be the user's.
    pub phone_verified: bool,
    /// Full name; always there, the e-mail address if nothing better is known.
    pub name: String,
    /// Short name; always there.
    pub nickname: String,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// Address of a picture.
    pub picture: Option<String>,
    /// Password hash in PHC string form; a user without one cannot log in with a password.
    pub password_hash: Option<SecretString>,
    /// What the user may change.
    pub user_metadata: Map<String, Value>,
    /// What only the application may change.
    pub app_metadata: Map<String, Value>,
    /// Whether an administrator shut the account.
    pub blocked: bool,
    /// How often the user logged in.
    pub logins_count: u64,
    /// When the user last logged in.
    pub last_login: Option<UnixTime>,
    /// When the password last changed, other than at creation.
    pub last_password_reset: Option<UnixTime>,
    /// When the account was made.
    pub created_at: UnixTime,
    /// When the profile last changed.
    pub updated_at: UnixTime,
}
