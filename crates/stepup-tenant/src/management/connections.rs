//! `connections`: directories of users.

use axum::{Router, extract::State, routing::get};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    Answer, Answered,
    bearer::Bearer,
    error::Failure,
    fields::Fields,
    page::{Checkpoint, Page},
    request::{Ids, Payload, Query},
    schema::{Kind, NAME, Schema, TEXTS, optional, required},
};
use crate::{
    config::{Document, LogoutInitiator, Section},
    state::Shared,
    store::{Filter, Search},
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/connections", get(list).post(create))
        .route("/connections/{id}", get(one).patch(update).delete(delete))
        .route("/connections/{id}/clients", get(clients).patch(enable_clients))
        .route("/connections/{id}/users", axum::routing::delete(delete_user))
        .route("/connections/{id}/status", get(status))
}

const READ: &[&str] = &["read:connections"];
const UPDATE: &[&str] = &["update:connections"];

async fn list(State(shared): State<Shared>, bearer: Bearer, query: Query) -> Answered {
    bearer.any(READ)?;
    query.only(&[
        "page",
        "per_page",
        "include_totals",
        "from",
        "take",
        "strategy",
        "name",
        "fields",
        "include_fields",
    ])?;
    let (page, fields) = (Page::of(&query, 50)?, Fields::of(&query)?);
    let strategies: Vec<&str> = query.all("strategy").flat_map(|list| list.split(',')).collect();
    let name = query.text("name")?;
    let document = shared.configuration.document();
    let wanted = document.connections().filter(|it| {
        name.is_none_or(|name| it["name"] == name)
            && (strategies.is_empty()
                || it["strategy"].as_str().is_some_and(|strategy| strategies.contains(&strategy)))
    });
    if Checkpoint::asked(&query) {
        let id = |connection: &Value| connection["id"].as_str().map(str::to_owned);
        let answer = Checkpoint::of(&query)?.answer_from("connections", wanted.cloned().collect(), id)?;
        return Ok(Answer::ok(picked(answer, &fields)));
    }
    let connections = wanted.map(|it| fields.pick(it.clone())).collect();
    Ok(Answer::ok(page.answer_from("connections", connections)))
}

/// A piece of the list with the wanted members alone: the ids say where the next piece begins, so they go last.
fn picked(mut answer: Value, fields: &Fields) -> Value {
    if let Some(Value::Array(connections)) = answer.get_mut("connections") {
        for connection in connections {
            *connection = fields.pick(connection.take());
        }
    }
    answer
}

async fn one(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>, query: Query) -> Answered {
    bearer.any(READ)?;
    query.only(&Fields::PARAMETERS)?;
    let fields = Fields::of(&query)?;
    let document = shared.configuration.document();
    Ok(Answer::ok(fields.pick(find(&document, &id)?.clone())))
}

const CONNECTION: Schema = Schema(&[
    optional("name", Kind::Format("connection-name", is_name)),
    optional("strategy", Kind::Text(1, 64)),
    optional("display_name", Kind::Text(0, 128)),
    optional("options", Kind::Nullable(&Kind::Object)),
    optional("enabled_clients", TEXTS),
    optional("is_domain_connection", Kind::Boolean),
    optional("show_as_button", Kind::Boolean),
    optional("realms", TEXTS),
    optional("metadata", Kind::Object),
    optional("authentication", Kind::Object),
    optional("connected_accounts", Kind::Object),
    optional("cross_app_access_requesting_app", Kind::Nullable(&Kind::Object)),
    optional("cross_app_access_resource_app", Kind::Nullable(&Kind::Object)),
]);

async fn create(State(shared): State<Shared>, bearer: Bearer, payload: Payload) -> Answered {
    bearer.any(&["create:connections"])?;
    let mut connection = payload.object(&CONNECTION)?;
    for name in ["name", "strategy"] {
        if !connection.contains_key(name) {
            return Err(Failure::Payload(format!("'Missing required property: {name}'")));
        }
    }
    let id = format!("con_{}", stepup_seal::base62(&*shared.random, 16));
    connection.insert("id".to_owned(), json!(id));
    connection.entry("enabled_clients").or_insert_with(|| json!([]));
    let section = match connection.get("strategy").and_then(Value::as_str) {
        Some("auth0") => Section::Databases,
        _ => Section::Connections,
    };
    shared
        .configuration
        .change(|document| {
            if document.connections().any(|it| Some(&it["name"]) == connection.get("name")) {
                return Err(Failure::conflict(
                    "A connection with the same name already exists",
                    "connection_conflict",
                ));
            }
            document.list_mut(section).push(Value::Object(connection.clone()));
            Ok(())
        })
        .await?;
    Ok(Answer::created(find(&shared.configuration.document(), &id)?.clone()))
}

async fn update(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(UPDATE)?;
    let body = payload.object(&CONNECTION)?;
    if let Some(name) = ["name", "strategy"].iter().find(|name| body.contains_key(**name)) {
        return Err(Failure::Payload(format!("'Additional properties not allowed: {name}'")));
    }
    change(&shared, &id, |connection| {
        crate::actions::merge(connection, &body);
        Ok(())
    })
    .await?;
    Ok(Answer::ok(find(&shared.configuration.document(), &id)?.clone()))
}

/// Removes a connection, and its users with it.
async fn delete(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(&["delete:connections"])?;
    let removed = shared
        .configuration
        .change(|document| {
            let database = document.remove(Section::Databases, &id);
            Ok::<_, Failure>(database.or_else(|| document.remove(Section::Connections, &id)))
        })
        .await?;
    if let Some(name) = removed.as_ref().and_then(|it| it["name"].as_str()) {
        shared.store.delete_users_of(name).await?;
    }
    Ok(Answer::Empty(StatusCode::ACCEPTED))
}

/// Lists the clients whose users may log in with it.
async fn clients(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    query: Query,
) -> Answered {
    bearer.any(READ)?;
    query.only(&Checkpoint::PARAMETERS)?;
    let document = shared.configuration.document();
    let connection = find(&document, &id)?.as_object().cloned().unwrap_or_default();
    let clients = enabled(&document, &connection).into_iter().map(|id| json!({ "client_id": id })).collect();
    let id = |client: &Value| client["client_id"].as_str().map(str::to_owned);
    Checkpoint::of(&query)?.answer_from("clients", clients, id).map(Answer::ok)
}

const ENABLE: Kind =
    Kind::List(&Kind::Record(&Schema(&[required("client_id", NAME), required("status", Kind::Boolean)])));

async fn enable_clients(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    payload: Payload,
) -> Answered {
    bearer.any(UPDATE)?;
    let sent = payload.value(&ENABLE)?;
    let before = shared.configuration.document();
    change(&shared, &id, |connection| {
        let mut enabled = enabled(&before, connection);
        for client in sent.as_array().into_iter().flatten() {
            enabled.retain(|it| *it != client["client_id"]);
            if client["status"] == true {
                enabled.push(client["client_id"].clone());
            }
        }
        connection.insert("enabled_clients".to_owned(), Value::Array(enabled));
        Ok(())
    })
    .await?;
    Ok(Answer::gone())
}

/// The clients that may use a connection: all of them where it does not say.
fn enabled(document: &Document, connection: &Map<String, Value>) -> Vec<Value> {
    match connection.get("enabled_clients") {
        Some(Value::Array(clients)) => clients.clone(),
        _ => document.list(Section::Clients).iter().map(|client| client["client_id"].clone()).collect(),
    }
}

/// `DELETE connections/{id}/users?email=…`.
async fn delete_user(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
    query: Query,
) -> Answered {
    bearer.any(&["delete:users"])?;
    query.only(&["email"])?;
    let email = query.text("email")?;
    let email = email.ok_or_else(|| Failure::Query("'Missing required property: email'".to_owned()))?;
    let document = shared.configuration.document();
    let name = find(&document, &id)?["name"].as_str().unwrap_or_default().to_owned();
    let filter = Filter::equals("email", email).and(Filter::equals("identities.connection", name));
    let search = Search { filter, order: Vec::new(), offset: 0, limit: 1, count: false };
    for user in shared.store.find_users(&search).await?.entries {
        super::users::end_sessions(&shared, &user.user_id, LogoutInitiator::AccountDeleted).await?;
        shared.store.delete_user(&user.user_id).await?;
    }
    Ok(Answer::gone())
}

async fn status(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(READ)?;
    find(&shared.configuration.document(), &id)?;
    Ok(Answer::Empty(StatusCode::OK))
}

async fn change(
    shared: &Shared,
    id: &str,
    mut change: impl FnMut(&mut Map<String, Value>) -> Result<(), Failure> + Send,
) -> Result<(), Failure> {
    shared
        .configuration
        .change(|document| {
            for section in [Section::Databases, Section::Connections] {
                if let Some(Value::Object(connection)) = document.find_mut(section, id) {
                    return change(connection);
                }
            }
            Err(inexistent())
        })
        .await
}

fn find<'a>(document: &'a Document, id: &str) -> Result<&'a Value, Failure> {
    document.connections().find(|it| it["id"] == id).ok_or_else(inexistent)
}

fn inexistent() -> Failure {
    Failure::not_found("The connection does not exist", "inexistent_connection")
}

/// Letters, digits and dashes between them; 128 at most.
fn is_name(text: &str) -> bool {
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (1..=128).contains(&text.len()) && fits && !text.starts_with('-') && !text.ends_with('-')
}
