//! A user on the wire.

use serde_json::{Map, Value, json};

use crate::{log::rfc3339, model::User};

/// The user as every call gives them. What is not set is left out.
///
/// # Parameters
/// - `multifactor`: whether a second factor is enrolled.
pub(super) fn user(user: &User, multifactor: bool) -> Value {
    let identity = user.user_id.split_once('|').map_or(user.user_id.as_str(), |(_, id)| id);
    let mut shape = Map::from_iter([
        ("user_id".to_owned(), json!(user.user_id)),
        ("created_at".to_owned(), json!(rfc3339(user.created_at))),
        ("updated_at".to_owned(), json!(rfc3339(user.updated_at))),
        ("name".to_owned(), json!(user.name)),
        ("nickname".to_owned(), json!(user.nickname)),
        ("email_verified".to_owned(), json!(user.email_verified)),
        (
            "identities".to_owned(),
            json!([{
                "connection": user.connection,
                "user_id": identity,
                "provider": "auth0",
                "isSocial": false,
            }]),
        ),
    ]);
    let texts = [
        ("email", &user.email),
        ("username", &user.username),
        ("phone_number", &user.phone_number),
        ("given_name", &user.given_name),
        ("family_name", &user.family_name),
        ("picture", &user.picture),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            shape.insert(name.to_owned(), json!(text));
        }
    }
    for (name, time) in [("last_login", user.last_login), ("last_password_reset", user.last_password_reset)] {
        if let Some(time) = time {
            shape.insert(name.to_owned(), json!(rfc3339(time)));
        }
    }
    for (name, metadata) in [("user_metadata", &user.user_metadata), ("app_metadata", &user.app_metadata)] {
        if !metadata.is_empty() {
            shape.insert(name.to_owned(), Value::Object(metadata.clone()));
        }
    }
    if user.phone_number.is_some() {
        shape.insert("phone_verified".to_owned(), json!(user.phone_verified));
    }
    if user.logins_count > 0 {
        shape.insert("logins_count".to_owned(), json!(user.logins_count));
    }
    if user.blocked {
        shape.insert("blocked".to_owned(), json!(true));
    }
    if multifactor {
        shape.insert("multifactor".to_owned(), json!(["guardian"]));
    }
    Value::Object(shape)
}
