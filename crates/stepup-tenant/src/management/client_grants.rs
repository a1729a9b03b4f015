//! `client-grants`: which application may call which API in its own name.

use axum::{Router, extract::State, routing::get};
use serde_json::{Value, json};

use super::{
    Answer, Answered,
    bearer::Bearer,
    error::Failure,
    page::{Checkpoint, Page},
    request::{Ids, Payload, Query},
    schema::{Kind, NAME, Schema, TEXT, TEXTS, optional, required},
};
use crate::{
    config::{Document, Section},
    state::Shared,
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/client-grants", get(list).post(create))
        .route("/client-grants/{id}", get(one).patch(update).delete(delete))
}

const READ: &[&str] = &["read:client_grants"];

async fn list(State(shared): State<Shared>, bearer: Bearer, query: Query) -> Answered {
    bearer.any(READ)?;
    query.only(&[
        "page",
        "per_page",
        "include_totals",
        "from",
        "take",
        "audience",
        "client_id",
        "allow_any_organization",
        "subject_type",
        "default_for",
    ])?;
    let (audience, client_id) = (query.text("audience")?, query.text("client_id")?);
    let page = Page::of(&query, 50)?;
    let document = shared.configuration.document();
    let wanted = document.list(Section::ClientGrants).iter().filter(|grant| {
        audience.is_none_or(|audience| grant["audience"] == audience)
            && client_id.is_none_or(|client| grant["client_id"] == client)
    });
    let grants = wanted.cloned().collect();
    if Checkpoint::asked(&query) {
        let id = |grant: &Value| grant["id"].as_str().map(str::to_owned);
        return Checkpoint::of(&query)?.answer_from("client_grants", grants, id).map(Answer::ok);
    }
    Ok(Answer::ok(page.answer_from("client_grants", grants)))
}

async fn one(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(READ)?;
    let document = shared.configuration.document();
    Ok(Answer::ok(document.find(Section::ClientGrants, &id).cloned().ok_or_else(inexistent)?))
}

const CREATE: Schema = Schema(&[
    required("client_id", NAME),
    required("audience", Kind::Text(1, 600)),
    optional("scope", TEXTS),
    optional("allow_all_scopes", Kind::Boolean),
    optional("organization_usage", TEXT),
    optional("allow_any_organization", Kind::Boolean),
    optional("subject_type", Kind::OneOf(&["client", "user"])),
    optional("authorization_details_types", TEXTS),
]);

async fn create(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(&["create:client_grants"])?;
    let mut grant = payload.object(&CREATE)?;
    let id = format!("cgr_{}", stepup_seal::base62(&*shared.random, 16));
    grant.insert("id".to_owned(), json!(id));
    grant.entry("scope").or_insert_with(|| json!([]));
    let grant = Value::Object(grant);
    shared
        .configuration
        .change(|document| {
            let client_id = grant["client_id"].as_str().unwrap_or_default();
            if document.find(Section::Clients, client_id).is_none() {
                return Err(Failure::not_found("The client does not exist", "inexistent_client"));
            }
            fits(document, &grant)?;
            let held = document.list_mut(Section::ClientGrants);
            if held
                .iter()
                .any(|it| it["client_id"] == grant["client_id"] && it["audience"] == grant["audience"])
            {
                return Err(Failure::conflict(
                    "A client grant for this client and audience already exists.",
                    "client_grant_conflict",
                ));
            }
            held.push(grant.clone());
            Ok(())
        })
        .await?;
    Ok(Answer::created(grant))
}

/// Makes sure that the API is there and knows the scopes.
fn fits(document: &Document, grant: &Value) -> Result<(), Failure> {
    let server = document
        .list(Section::ResourceServers)
        .iter()
        .find(|server| server["identifier"] == grant["audience"])
        .ok_or_else(|| {
            Failure::not_found("The resource server does not exist.", "inexistent_resource_server")
        })?;
    let known: Vec<_> =
        server["scopes"].as_array().into_iter().flatten().map(|scope| &scope["value"]).collect();
    let unknown: Vec<_> = grant["scope"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|scope| !known.contains(scope))
        .filter_map(Value::as_str)
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Failure::bad_request(
        format!("The following scopes are not defined in the resource server: {}", unknown.join(",")),
        "invalid_body",
    ))
}

const UPDATE: Schema = Schema(&[
    optional("scope", Kind::Nullable(&TEXTS)),
    optional("allow_all_scopes", Kind::Nullable(&Kind::Boolean)),
    optional("organization_usage", Kind::Nullable(&TEXT)),
    optional("allow_any_organization", Kind::Nullable(&Kind::Boolean)),
    optional("authorization_details_types", TEXTS),
]);

async fn update(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(&["update:client_grants"])?;
    let body = payload.object(&UPDATE)?;
    let grant = shared
        .configuration
        .change(|document| {
            let mut grant = document.find(Section::ClientGrants, &id).cloned().ok_or_else(inexistent)?;
            if let Value::Object(members) = &mut grant {
                crate::actions::merge(members, &body);
            }
            fits(document, &grant)?;
            if let Some(held) = document.find_mut(Section::ClientGrants, &id) {
                *held = grant.clone();
            }
            Ok::<_, Failure>(grant)
        })
        .await?;
    Ok(Answer::ok(grant))
}

async fn delete(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(&["delete:client_grants"])?;
    shared
        .configuration
        .change(|document| {
            document.remove(Section::ClientGrants, &id);
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(Answer::gone())
}

fn inexistent() -> Failure {
    Failure::not_found("The client grant does not exist.", "inexistent_client_grant")
}
