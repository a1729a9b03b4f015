//! The keys of clients. Those that a client may prove itself with are in `client_authentication_methods`, as the
//! configuration reads them; all that it has are in `credentials` beside it.

use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    body::{CHANGED_CREDENTIAL, NEW_CREDENTIAL},
    calls::change,
    find,
    shape::{credential, keys_of},
};
use crate::{
    config::Document,
    log::rfc3339,
    management::{
        Answer, Answered,
        bearer::Bearer,
        error::Failure,
        request::{Ids, Payload},
    },
    state::{Shared, State as Tenant},
};

pub(super) async fn list(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(&["read:client_credentials"])?;
    let document = shared.configuration.document();
    Ok(Answer::ok(all(&document, &id)?.iter().map(credential).collect()))
}

pub(super) async fn one(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids((id, credential_id)): Ids<(String, String)>,
) -> Answered {
    bearer.any(&["read:client_credentials"])?;
    let document = shared.configuration.document();
    let held = all(&document, &id)?;
    let found = held.iter().find(|it| it["id"] == credential_id).ok_or_else(inexistent)?;
    Ok(Answer::ok(credential(found)))
}

pub(super) async fn create(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(&["create:client_credentials"])?;
    let made = new(&shared, payload.object(&NEW_CREDENTIAL)?)?;
    change(&shared, &id, |client| {
        own(client).push(made.clone());
        Ok(())
    })
    .await?;
    Ok(Answer::created(credential(&made)))
}

pub(super) async fn update(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids((id, credential_id)): Ids<(String, String)>,
    payload: Payload,
) -> Answered {
    bearer.any(&["update:client_credentials"])?;
    let body = payload.object(&CHANGED_CREDENTIAL)?;
    let end = body.get("expires_at").cloned().unwrap_or_default();
    if let Some(text) = end.as_str() {
        moment(text)?;
    }
    change(&shared, &id, |client| {
        let mut known = false;
        let used = keys_of(client).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
        let used = used.into_iter().map(|it| expiring(it, &credential_id, &end, &mut known)).collect();
        if let Some(keys) = keys_of(client) {
            *keys = Value::Array(used);
        }
        let held = std::mem::take(own(client));
        *own(client) = held.into_iter().map(|it| expiring(it, &credential_id, &end, &mut known)).collect();
        if known { Ok(()) } else { Err(inexistent()) }
    })
    .await?;
    let document = shared.configuration.document();
    let held = all(&document, &id)?;
    let found = held.iter().find(|it| it["id"] == credential_id).ok_or_else(inexistent)?;
    Ok(Answer::ok(credential(found)))
}

fn expiring(mut entity: Value, id: &str, end: &Value, known: &mut bool) -> Value {
    if entity["id"] == id {
        *known = true;
        if let Value::Object(members) = &mut entity {
            match end {
                Value::Null => drop(members.remove("expires_at")),
                end => drop(members.insert("expires_at".to_owned(), end.clone())),
            }
        }
    }
    entity
}

pub(super) async fn delete(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids((id, credential_id)): Ids<(String, String)>,
) -> Answered {
    bearer.any(&["delete:client_credentials"])?;
    change(&shared, &id, |client| {
        if let Some(Value::Array(used)) = keys_of(client)
            && used.iter().any(|it| it["id"] == credential_id)
        {
            return Err(Failure::conflict(
                "The credential is in use: take it out of client_authentication_methods first.",
                "credential_in_use",
            ));
        }
        let held = own(client);
        let before = held.len();
        held.retain(|it| it["id"] != credential_id);
        if held.len() < before { Ok(()) } else { Err(inexistent()) }
    })
    .await?;
    Ok(Answer::gone())
}

/// Makes whole keys of those that `sent` names in `client_authentication_methods`: new ones get an id, and an id stands
/// for one that the client has.
pub(super) fn settle(
    tenant: &Tenant,
    sent: &mut Map<String, Value>,
    client: &Map<String, Value>,
) -> Result<(), Failure> {
    let mut client = client.clone();
    let mut held = keys_of(&mut client).and_then(|keys| keys.as_array().cloned()).unwrap_or_default();
    held.extend(own(&mut client).clone());
    let Some(Value::Array(keys)) = keys_of(sent) else { return Ok(()) };
    let mut made = Vec::new();
    for key in keys.iter_mut() {
        *key = match key["id"].as_str() {
            Some(id) => held.iter().find(|it| it["id"] == id).cloned().ok_or_else(inexistent)?,
            None => {
                let fresh = new(tenant, NEW_CREDENTIAL.check(key.take())?)?;
                made.push(fresh.clone());
                fresh
            }
        };
    }
    let kept = own(&mut client);
    kept.extend(made);
    sent.insert("credentials".to_owned(), Value::Array(kept.clone()));
    // One way to authenticate or the other.
    sent.insert("token_endpoint_auth_method".to_owned(), Value::Null);
    Ok(())
}

fn new(tenant: &Tenant, mut sent: Map<String, Value>) -> Result<Value, Failure> {
    if let Some(end) = sent.get("expires_at").and_then(Value::as_str) {
        moment(end)?;
    }
    sent.remove("parse_expiry_from_cert");
    let id = format!("cred_{}", stepup_seal::base62(&*tenant.random, 22));
    let kid = stepup_seal::token(&*tenant.random, 32);
    let now = json!(rfc3339(tenant.clock.now()));
    sent.insert("id".to_owned(), json!(id));
    sent.entry("kid").or_insert_with(|| json!(kid));
    sent.entry("alg").or_insert_with(|| json!("RS256"));
    sent.insert("created_at".to_owned(), now.clone());
    sent.insert("updated_at".to_owned(), now);
    Ok(Value::Object(sent))
}

fn moment(text: &str) -> Result<Timestamp, Failure> {
    let wrong = |_| {
        Failure::Payload(format!(
            "'Object didn't pass validation for format date-time: {text}' on property expires_at"
        ))
    };
    text.parse().map_err(wrong)
}

/// The keys that a client has, in use or not.
fn own(client: &mut Map<String, Value>) -> &mut Vec<Value> {
    let held = client.entry("credentials").or_insert_with(|| json!([]));
    if !held.is_array() {
        *held = json!([]);
    }
    match held {
        Value::Array(held) => held,
        _ => unreachable!("it was made a list above"),
    }
}

/// Every key of a client: those that came with the configuration are in use, and nowhere else.
fn all(document: &Document, client_id: &str) -> Result<Vec<Value>, Failure> {
    let mut client = find(document, client_id)?.as_object().cloned().unwrap_or_default();
    let mut held = own(&mut client).clone();
    let used = keys_of(&mut client).and_then(|keys| keys.as_array().cloned()).unwrap_or_default();
    held.extend(
        used.into_iter().filter(|key| !held.iter().any(|it| it["id"] == key["id"])).collect::<Vec<_>>(),
    );
    Ok(held)
}

fn inexistent() -> Failure {
    Failure::not_found("The credential does not exist.", "inexistent_credential")
}
