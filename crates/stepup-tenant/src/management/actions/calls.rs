//! Drafts: listed, made, changed and removed.

use axum::extract::State;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{body, deploy, find, shape};
use crate::{
    actions::check,
    config::Section,
    log::rfc3339,
    management::{
        Answer, Answered,
        bearer::Bearer,
        error::Failure,
        page::Page,
        request::{Ids, Payload, Query},
    },
    state::{Shared, State as Tenant},
};

pub(super) async fn list(State(shared): State<Shared>, bearer: Bearer, query: Query) -> Answered {
    bearer.any(super::READ)?;
    query.only(&["triggerId", "actionName", "deployed", "page", "per_page", "installed"])?;
    let page = Page::of(&query, 50)?;
    let (trigger, name) = (query.text("triggerId")?, query.text("actionName")?);
    let deployed = query.truth("deployed")?;
    let installed = query.truth("installed")? == Some(true);
    let document = shared.configuration.document();
    let wanted = document.list(Section::Actions).iter().filter_map(Value::as_object).filter(|action| {
        let triggers = action.get("supported_triggers").and_then(Value::as_array);
        let runs = action.contains_key("deployed_version") || action.get("deployed") == Some(&json!(true));
        !installed
            && trigger.is_none_or(|id| triggers.is_some_and(|all| all.iter().any(|it| it["id"] == id)))
            && name.is_none_or(|name| action.get("name").is_some_and(|it| it == name))
            && deployed.is_none_or(|deployed| deployed == runs)
    });
    let actions: Vec<Value> = wanted.map(shape::action).collect();
    Ok(Answer::ok(piece(page, "actions", actions)))
}

/// The form of every list about Actions: an object, whether totals are asked for or not.
pub(super) fn piece(page: Page, name: &str, all: Vec<Value>) -> Value {
    let total = all.len();
    json!({ "total": total, "page": page.number(), "per_page": page.size(), name: page.cut(all) })
}

pub(super) async fn one(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(super::READ)?;
    let document = shared.configuration.document();
    Ok(Answer::ok(shape::action(find(&document, &id)?)))
}

pub(super) async fn create(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(super::CREATE)?;
    let mut action = payload.object(&body::CREATE)?;
    let deploy = action.remove("deploy") == Some(json!(true));
    let id = new_id(&shared);
    let now = json!(rfc3339(shared.clock.now()));
    let secrets = body::secrets(&shared, action.get("secrets").unwrap_or(&Value::Null), None);
    action.insert("id".to_owned(), json!(id));
    action.insert("secrets".to_owned(), secrets);
    action.insert("created_at".to_owned(), now.clone());
    action.insert("updated_at".to_owned(), now);
    action.insert("deployed".to_owned(), json!(false));
    action.entry("code").or_insert_with(|| json!(EXAMPLE));
    built(&shared, &mut action);
    let name = action.get("name").cloned().unwrap_or_default();
    shared
        .configuration
        .change(|document| {
            let held = document.list_mut(Section::Actions);
            if held.iter().any(|it| it["name"] == name) {
                return Err(taken());
            }
            held.push(Value::Object(action.clone()));
            Ok(())
        })
        .await?;
    if deploy {
        deploy::deploy(&shared, &id).await?;
    }
    let document = shared.configuration.document();
    let mut made = shape::action(find(&document, &id)?);
    // It is built by the time that anybody asks again.
    made["status"] = json!("pending");
    Ok(Answer::created(made))
}

/// What an Action does that was made without code.
const EXAMPLE: &str = "exports.onExecutePostLogin = async (event, api) => {};\n";

pub(super) async fn update(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(super::UPDATE)?;
    let body = payload.object(&body::UPDATE)?;
    let now = json!(rfc3339(shared.clock.now()));
    shared
        .configuration
        .change(|document| {
            let before = find(document, &id)?.get("name").cloned().unwrap_or_default();
            if let Some(name) = body.get("name").filter(|name| **name != before) {
                if document.list(Section::Actions).iter().any(|it| it["name"] == *name) {
                    return Err(taken());
                }
                super::triggers::rename(document, &before, name);
            }
            let Some(Value::Object(action)) = document.find_mut(Section::Actions, &id) else {
                return Err(super::not_found());
            };
            draft(&shared, action, &body);
            action.insert("updated_at".to_owned(), now.clone());
            Ok(())
        })
        .await?;
    let document = shared.configuration.document();
    Ok(Answer::ok(shape::action(find(&document, &id)?)))
}

/// Changes the draft; what runs stays what was deployed.
pub(crate) fn draft(tenant: &Tenant, action: &mut Map<String, Value>, body: &Map<String, Value>) {
    // One that came with the configuration ran as it stood there, and goes on to.
    if !action.contains_key("deployed_version") && action.get("deployed") == Some(&json!(true)) {
        let running = deploy::members(action);
        action.insert("deployed_version".to_owned(), Value::Object(running));
    }
    for (name, value) in body {
        let value = match name.as_str() {
            "secrets" => body::secrets(tenant, value, action.get("secrets")),
            _ => value.clone(),
        };
        action.insert(name.clone(), value);
    }
    built(tenant, action);
}

/// Notes whether the draft is JavaScript at all.
fn built(tenant: &Tenant, action: &mut Map<String, Value>) {
    let problem = check(&body::runnable(action)).err();
    action.insert("status".to_owned(), json!(if problem.is_some() { "failed" } else { "built" }));
    match problem {
        None => {
            action.insert("built_at".to_owned(), json!(rfc3339(tenant.clock.now())));
            action.remove("errors");
        }
        Some(cause) => {
            let error = json!({ "id": "build_failed", "msg": cause.to_string() });
            action.insert("errors".to_owned(), json!([error]));
        }
    }
}

pub(super) async fn delete(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    query: Query,
) -> Answered {
    bearer.any(&["delete:actions"])?;
    query.only(&["force"])?;
    let force = query.truth("force")?.unwrap_or(false);
    shared
        .configuration
        .change(|document| {
            let name = find(document, &id)?.get("name").cloned().unwrap_or_default();
            if super::triggers::bound(document, &name) {
                if !force {
                    return Err(Failure::conflict(
                        "The action cannot be deleted because it is bound to a trigger.",
                        "action_bound",
                    ));
                }
                super::triggers::unbind(document, &name);
            }
            document.remove(Section::Actions, &id);
            Ok(())
        })
        .await?;
    shared.store.delete_versions(&id).await?;
    Ok(Answer::Empty(StatusCode::NO_CONTENT))
}

fn taken() -> Failure {
    Failure::conflict("An action with the same name already exists.", "action_conflict")
}

/// A random UUID (RFC 9562, version 4).
pub(super) fn new_id(tenant: &Tenant) -> String {
    let mut bytes = [0_u8; 16];
    tenant.random.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
