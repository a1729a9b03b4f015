//! A client, and a key of one, on the wire.

use serde_json::{Map, Value, json};

use crate::{management::bearer::Bearer, state::State};

/// The client as its reader may see it: secrets only with a scope of their own, keys only by their ids.
pub(super) fn client(state: &State, bearer: &Bearer, entity: &Value) -> Value {
    let mut shape = entity.as_object().cloned().unwrap_or_default();
    shape.remove("credentials");
    if !bearer.has_any(&[
        "read:client_keys",
        "update:client_keys",
        "read:client_credentials",
        "create:clients",
    ]) {
        shape.remove("client_secret");
        shape.remove("encryption_key");
    }
    if let Some(Value::Array(keys)) = keys_of(&mut shape) {
        for key in keys {
            *key = json!({ "id": key["id"] });
        }
    }
    shape.insert("tenant".to_owned(), json!(state.config.name));
    shape.insert("global".to_owned(), json!(false));
    Value::Object(shape)
}

/// The keys that a client proves itself with.
pub(super) fn keys_of(client: &mut Map<String, Value>) -> Option<&mut Value> {
    client.get_mut("client_authentication_methods")?.get_mut("private_key_jwt")?.get_mut("credentials")
}

/// A key, without itself.
pub(super) fn credential(entity: &Value) -> Value {
    let members = entity.as_object().into_iter().flatten();
    let told = members.filter(|(name, _)| !["pem", "jwk", "public_key"].contains(&name.as_str()));
    Value::Object(told.map(|(name, value)| (name.clone(), value.clone())).collect())
}
