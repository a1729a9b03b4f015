//! When Actions run, and in which order.

use axum::extract::State;
use serde_json::{Value, json};

use super::{body::SECRETS, calls::piece, shape};
use crate::{
    config::{Document, Section},
    log::rfc3339,
    management::{
        Answer, Answered,
        bearer::Bearer,
        error::Failure,
        page::Page,
        request::{Ids, Payload, Query},
        schema::{Kind, NAME, Schema, optional, required},
    },
    state::{Shared, State as Tenant},
};

/// The trigger that Actions run at here.
const POST_LOGIN: &str = "post-login";

pub(super) async fn list(State(shared): State<Shared>, bearer: Bearer) -> Answered {
    // The list is the same whatever is configured.
    let _ = shared;
    bearer.any(super::READ)?;
    Ok(Answer::ok(json!({
        "triggers": [{
            "id": POST_LOGIN,
            "version": "v3",
            "status": "CURRENT",
            "runtimes": ["node22"],
            "default_runtime": "node22",
            "binding_policy": "trigger-bound",
            "compatible_triggers": [],
        }],
    })))
}

pub(super) async fn bindings(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(trigger): Ids<String>,
    query: Query,
) -> Answered {
    bearer.any(super::READ)?;
    query.only(&["page", "per_page"])?;
    let page = Page::of(&query, 50)?;
    known(&trigger)?;
    Ok(Answer::ok(piece(page, "bindings", told(&shared, &shared.configuration.document()))))
}

const REFERENCE: Schema = Schema(&[
    required("type", Kind::OneOf(&["action_id", "action_name", "binding_id"])),
    required("value", NAME),
]);
const BINDING: Schema = Schema(&[
    required("ref", Kind::Record(&REFERENCE)),
    optional("display_name", NAME),
    optional("secrets", SECRETS),
]);
const BIND: Schema = Schema(&[required("bindings", Kind::List(&Kind::Record(&BINDING)))]);

/// Puts these bindings in the place of all that the trigger has; their order is the order of running.
pub(super) async fn bind(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(trigger): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(super::UPDATE)?;
    let body = payload.object(&BIND)?;
    known(&trigger)?;
    shared
        .configuration
        .change(|document| {
            let sent = body.get("bindings").and_then(Value::as_array).into_iter().flatten();
            let bound = sent.map(|binding| resolve(document, binding)).collect::<Result<Vec<_>, _>>()?;
            document.object_mut(Section::Triggers).insert(POST_LOGIN.to_owned(), Value::Array(bound));
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(Answer::ok(json!({ "bindings": told(&shared, &shared.configuration.document()) })))
}

/// A binding as the configuration has it.
fn resolve(document: &Document, binding: &Value) -> Result<Value, Failure> {
    let value = &binding["ref"]["value"];
    let action = match binding["ref"]["type"].as_str() {
        Some("action_name") => document.list(Section::Actions).iter().find(|it| it["name"] == *value),
        Some("action_id") => document.list(Section::Actions).iter().find(|it| it["id"] == *value),
        _ => value.as_str().and_then(|id| {
            let name = &bound_in(document).find(|it| binding_id(&it["action_name"]) == id)?["action_name"];
            document.list(Section::Actions).iter().find(|it| it["name"] == *name)
        }),
    };
    let action = action.ok_or_else(super::not_found)?;
    let runs = action.get("deployed_version").is_some() || action["deployed"] == true;
    if !runs {
        let message = format!("The action {} must be deployed before it can be bound.", action["name"]);
        return Err(Failure::bad_request(message, "action_not_deployed"));
    }
    let display = binding.get("display_name").unwrap_or(&action["name"]);
    Ok(json!({ "action_name": action["name"], "display_name": display }))
}

fn told(tenant: &Tenant, document: &Document) -> Vec<Value> {
    let started = rfc3339(tenant.clock.now());
    bound_in(document)
        .filter_map(|binding| {
            let name = &binding["action_name"];
            let action =
                document.list(Section::Actions).iter().find(|it| it["name"] == *name)?.as_object()?;
            let made = action.get("created_at").cloned().unwrap_or_else(|| json!(started));
            Some(json!({
                "id": binding_id(name),
                "trigger_id": POST_LOGIN,
                "display_name": binding["display_name"],
                "action": shape::action(action),
                "created_at": made,
                "updated_at": made,
            }))
        })
        .collect()
}

/// An Action is bound at most once, so its name makes the id of its binding.
fn binding_id(name: &Value) -> String {
    let name = format!("binding of {}", name.as_str().unwrap_or_default());
    stepup_seal::digest::sha256(name.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn bound_in(document: &Document) -> impl Iterator<Item = &Value> {
    document.get(Section::Triggers, POST_LOGIN).and_then(Value::as_array).into_iter().flatten()
}

/// Whether the Action with this name is bound.
pub(super) fn bound(document: &Document, name: &Value) -> bool {
    bound_in(document).any(|binding| binding["action_name"] == *name)
}

/// Takes its binding away.
pub(super) fn unbind(document: &mut Document, name: &Value) {
    if let Some(Value::Array(bindings)) = document.object_mut(Section::Triggers).get_mut(POST_LOGIN) {
        bindings.retain(|binding| binding["action_name"] != *name);
    }
}

/// Lets its binding follow it to another name.
pub(super) fn rename(document: &mut Document, before: &Value, name: &Value) {
    if let Some(Value::Array(bindings)) = document.object_mut(Section::Triggers).get_mut(POST_LOGIN) {
        for binding in bindings.iter_mut().filter(|binding| binding["action_name"] == *before) {
            binding["action_name"] = name.clone();
        }
    }
}

fn known(trigger: &str) -> Result<(), Failure> {
    if trigger == POST_LOGIN {
        return Ok(());
    }
    Err(Failure::NotFound { message: "That trigger does not exist.".into(), code: None })
}
