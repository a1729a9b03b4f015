//! Ada, who is there when nobody else is.

use super::{ImportedUser, Password};

/// The seeded user.
pub(super) fn ada(connection: &str) -> ImportedUser {
    ImportedUser {
        user_id: "auth0|65f0c0ffee0ada0000000001".to_owned(),
        connection: connection.to_owned(),
        email: Some(ADA_EMAIL.to_owned()),
        email_verified: Some(true),
        username: None,
        phone_number: None,
        phone_verified: false,
        name: Some("Ada Lovelace".to_owned()),
        nickname: Some("ada".to_owned()),
        given_name: Some("Ada".to_owned()),
        family_name: Some("Lovelace".to_owned()),
        picture: None,
        blocked: false,
        password: Some(Password::Ada),
        user_metadata: None,
        app_metadata: None,
        factors: Vec::new(),
    }
}

/// The seeded user's e-mail address.
pub const ADA_EMAIL: &str = "ada@example.com";
/// The seeded user's password.
pub const ADA_PASSWORD: &str = "correct horse battery staple";
