//! The calls about clients, one function each.

use axum::extract::State;
use serde_json::{Map, Value, json};

use super::{body::CLIENT, credentials, find, find_mut, inexistent, shape};
use crate::{
    config::{Document, Section},
    log::rfc3339,
    management::{
        Answer, Answered,
        bearer::Bearer,
        error::Failure,
        fields::Fields,
        page::Page,
        request::{Ids, Payload, Query},
    },
    state::{Shared, State as Tenant},
};

const READ: &[&str] = &["read:clients", "read:client_keys", "read:client_credentials"];

pub(super) async fn list(State(shared): State<Shared>, bearer: Bearer, query: Query) -> Answered {
    bearer.any(READ)?;
    query.only(&[
        "page",
        "per_page",
        "include_totals",
        "fields",
        "include_fields",
        "is_global",
        "is_first_party",
        "app_type",
        "external_client_id",
        "q",
    ])?;
    let (page, fields) = (Page::of(&query, 50)?, Fields::of(&query)?);
    let first_party = query.truth("is_first_party")?;
    let types = query.text("app_type")?.map(|types| types.split(',').map(str::trim).collect::<Vec<_>>());
    // There is no global client here.
    let none = query.truth("is_global")? == Some(true) || query.text("external_client_id")?.is_some();
    let document = shared.configuration.document();
    let wanted = document.list(Section::Clients).iter().filter(|client| {
        let kind = client["app_type"].as_str().unwrap_or_default();
        !none
            && first_party.is_none_or(|wanted| client["is_first_party"] == wanted)
            && types.as_ref().is_none_or(|types| types.contains(&kind))
    });
    let clients = wanted.map(|client| fields.pick(shape::client(&shared, &bearer, client))).collect();
    Ok(Answer::ok(page.answer_from("clients", clients)))
}

pub(super) async fn one(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    query: Query,
) -> Answered {
    bearer.any(READ)?;
    query.only(&Fields::PARAMETERS)?;
    let fields = Fields::of(&query)?;
    let document = shared.configuration.document();
    Ok(Answer::ok(fields.pick(shape::client(&shared, &bearer, find(&document, &id)?))))
}

pub(super) async fn create(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(&["create:clients"])?;
    let mut client = payload.object(&CLIENT)?;
    if !client.contains_key("name") {
        return Err(Failure::Payload("'Missing required property: name'".to_owned()));
    }
    let id = stepup_seal::base62(&*shared.random, 32);
    let now = json!(rfc3339(shared.clock.now()));
    client.insert("client_id".to_owned(), json!(id));
    client.insert("created_at".to_owned(), now.clone());
    client.insert("updated_at".to_owned(), now);
    credentials::settle(&shared, &mut client, &Map::new())?;
    let by_key = client.contains_key("client_authentication_methods");
    let kind = client.get("app_type").and_then(Value::as_str);
    let method = client.get("token_endpoint_auth_method").and_then(Value::as_str);
    let public = method.map_or(matches!(kind, Some("native" | "spa")), |method| method == "none");
    if !by_key && !public && !client.contains_key("client_secret") {
        client.insert("client_secret".to_owned(), new_secret(&shared));
    }
    shared
        .configuration
        .change(|document| {
            document.list_mut(Section::Clients).push(Value::Object(client.clone()));
            Ok::<_, Failure>(())
        })
        .await?;
    let document = shared.configuration.document();
    Ok(Answer::created(shape::client(&shared, &bearer, find(&document, &id)?)))
}

pub(super) async fn update(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(&["update:clients", "update:client_keys", "update:client_credentials"])?;
    let body = payload.object(&CLIENT)?;
    if body.is_empty() {
        return Err(Failure::Payload("'Too few properties defined (0), minimum 1'".to_owned()));
    }
    let now = rfc3339(shared.clock.now());
    change(&shared, &id, |client| {
        let mut sent = body.clone();
        credentials::settle(&shared, &mut sent, client)?;
        for (name, value) in sent {
            match value {
                Value::Null => drop(client.remove(&name)),
                // These are merged: who changes one member of them need not know the others.
                Value::Object(members)
                    if ["jwt_configuration", "client_metadata"].contains(&name.as_str()) =>
                {
                    merge(client, &name, &members);
                }
                value => drop(client.insert(name, value)),
            }
        }
        client.insert("updated_at".to_owned(), json!(now));
        Ok(())
    })
    .await?;
    let document = shared.configuration.document();
    Ok(Answer::ok(shape::client(&shared, &bearer, find(&document, &id)?)))
}

fn merge(client: &mut Map<String, Value>, name: &str, members: &Map<String, Value>) {
    let held = client.entry(name).or_insert_with(|| json!({}));
    if let Value::Object(held) = held {
        crate::actions::merge(held, members);
    }
}

/// Removes a client, and what names it: its grants, and its place in connections.
pub(super) async fn delete(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(&["delete:clients"])?;
    shared
        .configuration
        .change(|document| {
            document.remove(Section::Clients, &id);
            document.list_mut(Section::ClientGrants).retain(|grant| grant["client_id"] != id);
            leave_connections(document, &id);
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(Answer::gone())
}

fn leave_connections(document: &mut Document, client_id: &str) {
    for section in [Section::Databases, Section::Connections] {
        for connection in document.list_mut(section) {
            if let Some(Value::Array(enabled)) = connection.get_mut("enabled_clients") {
                enabled.retain(|enabled| enabled != client_id);
            }
        }
    }
}

/// Gives a client a new secret; the old one is dead.
pub(super) async fn rotate_secret(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
) -> Answered {
    bearer.any(&["update:client_keys"])?;
    let secret = new_secret(&shared);
    change(&shared, &id, |client| {
        client.insert("client_secret".to_owned(), secret.clone());
        Ok(())
    })
    .await?;
    let document = shared.configuration.document();
    Ok(Answer::ok(shape::client(&shared, &bearer, find(&document, &id)?)))
}

/// Changes one client.
pub(super) async fn change(
    shared: &Shared,
    id: &str,
    mut change: impl FnMut(&mut Map<String, Value>) -> Result<(), Failure> + Send,
) -> Result<(), Failure> {
    shared
        .configuration
        .change(|document| {
            let client = find_mut(document, id)?.as_object_mut().ok_or_else(inexistent)?;
            change(client)
        })
        .await
}

fn new_secret(tenant: &Tenant) -> Value {
    json!(stepup_seal::token(&*tenant.random, 48))
}
