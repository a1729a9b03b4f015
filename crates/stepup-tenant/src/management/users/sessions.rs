//! `users/{id}/sessions`, `users/{id}/refresh-tokens`, `sessions/{id}`, `refresh-tokens/{id}`.

use axum::extract::State;
use http::StatusCode;
use serde_json::{Map, Value, json};
use stepup_protocol::time::UnixTime;

use super::existing;
use crate::{
    config::LogoutInitiator,
    log::rfc3339,
    management::{
        Answer, Answered,
        bearer::Bearer,
        error::{Failure, TenantFault},
        fields::Fields,
        page::Checkpoint,
        request::{Ids, Query},
    },
    model::{RefreshToken, TenantSession},
    oauth::logout::backchannel,
    state::{Shared, State as Tenant},
};

const READ_SESSIONS: &[&str] = &["read:sessions"];
const DELETE_SESSIONS: &[&str] = &["delete:sessions"];
const READ_TOKENS: &[&str] = &["read:refresh_tokens"];
const DELETE_TOKENS: &[&str] = &["delete:refresh_tokens"];

/// Lists the user's sessions.
pub(super) async fn of_user(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
    query: Query,
) -> Answered {
    bearer.any(READ_SESSIONS)?;
    query.only(&["from", "take", "include_totals"])?;
    existing(&shared, &user_id).await?;
    let now = shared.clock.now();
    let sessions = shared.store.sessions_of(&user_id).await?;
    let lasting = sessions.iter().filter(|session| !session.expired(now));
    piece(&query, "sessions", lasting.map(session).collect())
}

/// Ends all of the user's sessions.
pub(super) async fn end_all(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
) -> Answered {
    bearer.any(DELETE_SESSIONS)?;
    end_of_user(&shared, &user_id, LogoutInitiator::SessionRevoked).await?;
    Ok(Answer::Empty(StatusCode::ACCEPTED))
}

/// Ends all sessions of a user, and tells their applications why.
pub(in crate::management) async fn end_of_user(
    tenant: &Tenant,
    user_id: &str,
    reason: LogoutInitiator,
) -> Result<(), Failure> {
    backchannel::end_all(tenant, user_id, reason)
        .await
        .map_err(|failure| TenantFault::Login(Box::new(failure)))?;
    Ok(())
}

/// One session.
pub(super) async fn one(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(READ_SESSIONS)?;
    Ok(Answer::ok(session(&existing_session(&shared, &id).await?)))
}

/// Ends one session.
pub(super) async fn end(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(DELETE_SESSIONS)?;
    end_one(&shared, &id).await?;
    Ok(Answer::Empty(StatusCode::ACCEPTED))
}

/// Ends one session, and revokes the refresh tokens that came from it.
pub(super) async fn revoke(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(DELETE_SESSIONS)?;
    bearer.any(DELETE_TOKENS)?;
    let session = existing_session(&shared, &id).await?;
    let now = shared.clock.now();
    for token in shared.store.refresh_tokens_of(&session.user_id, now).await? {
        if token.session_id.as_deref() == Some(&id) {
            shared.store.revoke_family(&token.family, now).await?;
        }
    }
    end_one(&shared, &id).await?;
    Ok(Answer::Empty(StatusCode::ACCEPTED))
}

async fn end_one(tenant: &Tenant, id: &str) -> Result<(), Failure> {
    let session = existing_session(tenant, id).await?;
    backchannel::end(tenant, &session, LogoutInitiator::SessionRevoked)
        .await
        .map_err(|failure| TenantFault::Login(Box::new(failure)))?;
    Ok(())
}

async fn existing_session(tenant: &Tenant, id: &str) -> Result<TenantSession, Failure> {
    let session = tenant.store.session(id).await?.filter(|session| !session.expired(tenant.clock.now()));
    session.ok_or_else(|| Failure::not_found("The session does not exist.", "session_not_found"))
}

/// Lists the user's refresh tokens.
pub(super) async fn tokens_of_user(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
    query: Query,
) -> Answered {
    bearer.any(READ_TOKENS)?;
    query.only(&["from", "take", "include_totals"])?;
    existing(&shared, &user_id).await?;
    let tokens = shared.store.refresh_tokens_of(&user_id, shared.clock.now()).await?;
    piece(&query, "tokens", tokens.iter().map(refresh_token).collect())
}

/// Lists the refresh tokens of a user, of one client if asked.
pub(super) async fn tokens(State(shared): State<Shared>, bearer: Bearer, query: Query) -> Answered {
    bearer.any(READ_TOKENS)?;
    query.only(&["user_id", "client_id", "from", "take", "fields", "include_fields"])?;
    let fields = Fields::of(&query)?;
    let user_id = query
        .text("user_id")?
        .ok_or_else(|| Failure::Query("'Missing required property: user_id'".to_owned()))?;
    let client_id = query.text("client_id")?;
    let tokens = shared.store.refresh_tokens_of(user_id, shared.clock.now()).await?;
    let tokens = tokens.iter().filter(|token| client_id.is_none_or(|client| token.client_id == client));
    piece(&query, "refresh_tokens", tokens.map(|token| fields.pick(refresh_token(token))).collect())
}

/// Revokes all of the user's refresh tokens.
pub(super) async fn revoke_all(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
) -> Answered {
    bearer.any(DELETE_TOKENS)?;
    shared.store.revoke_refresh_tokens(&user_id, shared.clock.now()).await?;
    Ok(Answer::Empty(StatusCode::ACCEPTED))
}

/// One refresh token.
pub(super) async fn token(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(READ_TOKENS)?;
    Ok(Answer::ok(refresh_token(&existing_token(&shared, &id).await?)))
}

/// Revokes a refresh token, with whatever was or will be exchanged for it.
pub(super) async fn revoke_token(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(id): Ids<String>,
) -> Answered {
    bearer.any(DELETE_TOKENS)?;
    let token = existing_token(&shared, &id).await?;
    shared.store.revoke_family(&token.family, shared.clock.now()).await?;
    Ok(Answer::Empty(StatusCode::ACCEPTED))
}

async fn existing_token(tenant: &Tenant, id: &str) -> Result<RefreshToken, Failure> {
    let token = tenant.store.refresh_token_by_id(id).await?;
    let token = token.filter(|token| !token.expired(tenant.clock.now()));
    token.ok_or_else(|| Failure::not_found("The refresh token does not exist.", "refresh_token_not_found"))
}

fn piece(query: &Query, name: &str, entries: Vec<Value>) -> Answered {
    let id = |entry: &Value| entry.get("id").and_then(Value::as_str).map(str::to_owned);
    Checkpoint::of(query)?.answer_from(name, entries, id).map(Answer::ok)
}

fn session(session: &TenantSession) -> Value {
    let methods: Vec<Value> = session
        .methods
        .iter()
        .map(|method| {
            let mut entry = json!({ "name": method.name, "timestamp": rfc3339(method.timestamp) });
            if let Some(factor) = method.factor {
                entry["type"] = json!(factor);
            }
            entry
        })
        .collect();
    json!({
        "id": session.id,
        "user_id": session.user_id,
        "created_at": rfc3339(session.created_at),
        "updated_at": rfc3339(session.last_interacted_at),
        "authenticated_at": rfc3339(session.authenticated_at),
        "idle_expires_at": rfc3339(session.idle_expires_at),
        "expires_at": rfc3339(session.expires_at),
        "last_interacted_at": rfc3339(session.last_interacted_at),
        "device": {
            "initial_user_agent": session.initial_user_agent,
            "initial_ip": session.initial_ip,
            "last_user_agent": session.last_user_agent,
            "last_ip": session.last_ip,
        },
        "cookie": { "mode": session.cookie_mode },
        "session_metadata": session.metadata,
        "clients": session.clients.iter().map(|id| json!({ "client_id": id })).collect::<Vec<_>>(),
        "authentication": { "methods": methods },
    })
}

fn refresh_token(token: &RefreshToken) -> Value {
    let time = |time: Option<UnixTime>| time.map(rfc3339);
    let mut shape = Map::from_iter([
        ("id".to_owned(), json!(token.id)),
        ("user_id".to_owned(), json!(token.user_id)),
        ("created_at".to_owned(), json!(rfc3339(token.created_at))),
        ("idle_expires_at".to_owned(), json!(time(token.idle_expires_at))),
        ("expires_at".to_owned(), json!(time(token.expires_at))),
        ("last_exchanged_at".to_owned(), json!(time(token.last_exchanged_at))),
        ("client_id".to_owned(), json!(token.client_id)),
        ("session_id".to_owned(), json!(token.session_id)),
        ("rotating".to_owned(), json!(token.rotating)),
        (
            "resource_servers".to_owned(),
            token
                .audience
                .iter()
                .map(|audience| json!({ "audience": audience, "scopes": token.scope.to_string() }))
                .collect(),
        ),
    ]);
    if !token.metadata.is_empty() {
        shape.insert("refresh_token_metadata".to_owned(), Value::Object(token.metadata.clone()));
    }
    Value::Object(shape)
}
