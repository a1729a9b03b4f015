//! An Action, and a version of one, on the wire. Secrets are told by name.

use serde_json::{Map, Value, json};

use crate::store::ActionVersion;

/// An Action.
pub(super) fn action(entity: &Map<String, Value>) -> Value {
    let mut shape = entity.clone();
    shape.remove("deployed");
    if let Some(secrets) = shape.get_mut("secrets") {
        *secrets = names(secrets);
    }
    if let Some(Value::Object(deployed)) = shape.get_mut("deployed_version")
        && let Some(secrets) = deployed.get_mut("secrets")
    {
        *secrets = names(secrets);
    }
    if let Some(deployed) = shape.get("deployed_version").cloned() {
        shape.insert("current_version".to_owned(), deployed);
    }
    let all = all_changes_deployed(entity);
    shape.insert("all_changes_deployed".to_owned(), json!(all));
    Value::Object(shape)
}

/// Whether what runs is what the draft says.
pub(crate) fn all_changes_deployed(entity: &Map<String, Value>) -> bool {
    match entity.get("deployed_version") {
        Some(deployed) => ["code", "dependencies", "runtime", "secrets"]
            .iter()
            .all(|name| deployed.get(name).is_none_or(|deployed| entity.get(*name) == Some(deployed))),
        // One that came with the configuration runs as it stands there.
        None => entity.get("deployed").and_then(Value::as_bool).unwrap_or(false),
    }
}

/// A version, and whether it is the one that runs.
pub(super) fn version(version: &ActionVersion, action: &Map<String, Value>) -> Value {
    let mut shape = version.members.clone();
    let running = action.get("deployed_version").and_then(|it| it.get("id")).and_then(Value::as_str);
    shape.insert("id".to_owned(), json!(version.id));
    shape.insert("action_id".to_owned(), json!(version.action_id));
    shape.insert("number".to_owned(), json!(version.number));
    shape.insert("deployed".to_owned(), json!(running == Some(&version.id)));
    shape.insert("status".to_owned(), json!("built"));
    let member = |name: &str| action.get(name).cloned().unwrap_or_default();
    shape.insert(
        "action".to_owned(),
        json!({
            "id": version.action_id,
            "name": member("name"),
            "supported_triggers": member("supported_triggers"),
            "created_at": member("created_at"),
            "updated_at": member("updated_at"),
            "all_changes_deployed": all_changes_deployed(action),
        }),
    );
    Value::Object(shape)
}

/// Secrets without their values.
pub(super) fn names(secrets: &Value) -> Value {
    let secrets = secrets.as_array().into_iter().flatten();
    secrets.map(|it| json!({ "name": it["name"], "updated_at": it["updated_at"] })).collect()
}
