//! What tokens and `/userinfo` say of a user, by scope (OIDC Core section 5.4).

use serde_json::{Map, Value, json};
use stepup_protocol::scope::Scopes;

use crate::{log::rfc3339, model::User};

/// The claims that `scope` lets a client see, without `sub`.
pub(crate) fn profile(user: &User, scope: &Scopes) -> Map<String, Value> {
    let mut claims = Map::new();
    if scope.contains("profile") {
        claims.insert("nickname".to_owned(), json!(user.nickname));
        claims.insert("name".to_owned(), json!(user.name));
        put(&mut claims, "picture", user.picture.as_ref());
        put(&mut claims, "given_name", user.given_name.as_ref());
        put(&mut claims, "family_name", user.family_name.as_ref());
        claims.insert("updated_at".to_owned(), json!(rfc3339(user.updated_at)));
    }
    if let (true, Some(email)) = (scope.contains("email"), &user.email) {
        claims.insert("email".to_owned(), json!(email));
        claims.insert("email_verified".to_owned(), json!(user.email_verified));
    }
    if let (true, Some(phone)) = (scope.contains("phone"), &user.phone_number) {
        claims.insert("phone_number".to_owned(), json!(phone));
        claims.insert("phone_number_verified".to_owned(), json!(user.phone_verified));
    }
    claims
}

/// Everything that the profile holds, as Actions see it.
pub(crate) fn full_profile(user: &User) -> Map<String, Value> {
    let mut claims = profile(user, &Scopes::from("profile email"));
    if let Some(phone) = &user.phone_number {
        claims.insert("phone_number".to_owned(), json!(phone));
        claims.insert("phone_verified".to_owned(), json!(user.phone_verified));
    }
    claims
}

fn put(claims: &mut Map<String, Value>, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        claims.insert(name.to_owned(), json!(value));
    }
}
