//! `resource-servers`: APIs.

use axum::{Router, extract::State, routing::get};
use serde_json::{Value, json};

use super::{
    Answer, Answered,
    bearer::Bearer,
    error::Failure,
    page::Page,
    request::{Ids, Payload, Query},
    schema::{Kind, Schema, TEXT, optional},
};
use crate::{
    config::{Document, Section},
    state::Shared,
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/resource-servers", get(list).post(create))
        .route("/resource-servers/{id}", get(one).patch(update).delete(delete))
}

const READ: &[&str] = &["read:resource_servers"];

async fn list(State(shared): State<Shared>, bearer: Bearer, query: Query) -> Answered {
    bearer.any(READ)?;
    query.only(&["page", "per_page", "include_totals", "include_fields", "identifiers"])?;
    let page = Page::of(&query, 50)?;
    let wanted: Vec<&str> = query.all("identifiers").flat_map(|list| list.split(',')).collect();
    let document = shared.configuration.document();
    let servers = document.list(Section::ResourceServers).iter().filter(|server| {
        wanted.is_empty()
            || server["identifier"].as_str().is_some_and(|identifier| wanted.contains(&identifier))
    });
    Ok(Answer::ok(page.answer_from("resource_servers", servers.map(shape).collect())))
}

async fn one(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>, query: Query) -> Answered {
    bearer.any(READ)?;
    query.only(&["include_fields"])?;
    let document = shared.configuration.document();
    Ok(Answer::ok(shape(
        document.list(Section::ResourceServers).iter().find(|it| named(it, &id)).ok_or_else(inexistent)?,
    )))
}

const SCOPE: Schema = Schema(&[
    super::schema::required("value", Kind::Text(1, 280)),
    optional("description", Kind::Text(0, 500)),
]);
const OBJECT: Kind = Kind::Nullable(&Kind::Object);

/// An API as it is changed; a new one needs an `identifier`, which stays as it is.
const SERVER: Schema = Schema(&[
    optional("identifier", Kind::Text(1, 600)),
    optional("name", Kind::Text(1, 200)),
    optional("scopes", Kind::List(&Kind::Record(&SCOPE))),
    optional("signing_alg", Kind::OneOf(&["HS256", "RS256", "RS512", "PS256"])),
    optional("signing_secret", Kind::Text(16, 2048)),
    optional("allow_offline_access", Kind::Boolean),
    optional("allow_online_access", Kind::Boolean),
    optional("allow_online_access_with_ephemeral_sessions", Kind::Boolean),
    optional("token_lifetime", Kind::Integer(1, 2_592_000)),
    optional("token_lifetime_for_web", Kind::Integer(1, 2_592_000)),
    optional("token_lifetime_for_anonymous_access_tokens", Kind::Nullable(&Kind::Integer(1, 2_592_000))),
    optional(
        "token_dialect",
        Kind::OneOf(&["access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"]),
    ),
    optional("skip_consent_for_verifiable_first_party_clients", Kind::Boolean),
    optional("enforce_policies", Kind::Boolean),
    optional("token_encryption", OBJECT),
    optional("consent_policy", Kind::Nullable(&TEXT)),
    optional("authorization_details", Kind::Nullable(&Kind::List(&Kind::Any))),
    optional("proof_of_possession", OBJECT),
    optional("subject_type_authorization", Kind::Object),
    optional("authorization_policy", OBJECT),
]);

async fn create(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(&["create:resource_servers"])?;
    let mut server = payload.object(&SERVER)?;
    let identifier = server.get("identifier").and_then(Value::as_str).unwrap_or_default().to_owned();
    if identifier.is_empty() {
        return Err(Failure::Payload("'Missing required property: identifier'".to_owned()));
    }
    server.insert("id".to_owned(), json!(stepup_seal::base62(&*shared.random, 24).to_lowercase()));
    shared
        .configuration
        .change(|document| {
            let held = document.list_mut(Section::ResourceServers);
            if held.iter().any(|it| it["identifier"] == identifier) {
                return Err(Failure::conflict(
                    "A resource server with the same identifier already exists.",
                    "resource_server_conflict",
                ));
            }
            held.push(Value::Object(server.clone()));
            Ok(())
        })
        .await?;
    let document = shared.configuration.document();
    Ok(Answer::created(shape(
        document
            .list(Section::ResourceServers)
            .iter()
            .find(|it| named(it, &identifier))
            .ok_or_else(inexistent)?,
    )))
}

async fn update(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(&["update:resource_servers"])?;
    let body = payload.object(&SERVER)?;
    if body.contains_key("identifier") {
        return Err(Failure::Payload("'Additional properties not allowed: identifier'".to_owned()));
    }
    shared
        .configuration
        .change(|document| {
            let server = own(document, &id)?;
            if let Value::Object(members) = server {
                crate::actions::merge(members, &body);
            }
            Ok::<_, Failure>(())
        })
        .await?;
    let document = shared.configuration.document();
    Ok(Answer::ok(shape(
        document.list(Section::ResourceServers).iter().find(|it| named(it, &id)).ok_or_else(inexistent)?,
    )))
}

/// Removes an API, and the grants for it.
async fn delete(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(&["delete:resource_servers"])?;
    shared
        .configuration
        .change(|document| {
            let identifier = own(document, &id)?["identifier"].clone();
            document.list_mut(Section::ResourceServers).retain(|it| it["identifier"] != identifier);
            document.list_mut(Section::ClientGrants).retain(|grant| grant["audience"] != identifier);
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(Answer::gone())
}

/// An API that may be changed: not one of the service's own.
fn own<'a>(document: &'a mut Document, id: &str) -> Result<&'a mut Value, Failure> {
    let server = document.list_mut(Section::ResourceServers).iter_mut().find(|it| named(it, id));
    let server = server.ok_or_else(inexistent)?;
    if server["is_system"] == true {
        return Err(Failure::bad_request("System APIs cannot be changed.", "system_resource_server"));
    }
    Ok(server)
}

/// By its id, or by its identifier.
fn named(server: &Value, id: &str) -> bool {
    server["id"] == id || server["identifier"] == id
}

fn shape(server: &Value) -> Value {
    let mut shape = server.clone();
    if let Value::Object(members) = &mut shape {
        members.remove("signing_secret");
    }
    shape
}

fn inexistent() -> Failure {
    Failure::not_found("The resource server does not exist.", "inexistent_resource_server")
}
