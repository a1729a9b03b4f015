//! What every call goes through: the count of calls, the token, and the note in the log.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use serde_json::json;

use super::{
    bearer::{Bearer, Presented},
    error::Failure,
};
use crate::{allowance::Allowance, model::LogEvent, pipeline::Caller, state::Shared, store::StoreError};

/// What is announced where calls are not limited.
const UNLIMITED: u32 = 1000;

/// Lets a call through, and writes on its answer how many are left.
pub(super) async fn pass(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let allowance = match allowance(&shared).await {
        Ok(allowance) => allowance,
        Err(error) => return Failure::from(error).into_response(),
    };
    if allowance.exhausted {
        return allowance.announce(Failure::TooMany.into_response());
    }
    let (mut parts, body) = request.into_parts();
    let (caller, path) = (Caller::of(&parts), format!("/api/v2{}", parts.uri.path()));
    let presented = match Bearer::of(&shared, &parts, path.trim_start_matches('/')).await {
        Ok(bearer) => Ok(bearer),
        Err(Failure::Bearer(fault)) => Err(fault),
        Err(failure) => return allowance.announce(failure.into_response()),
    };
    let client_id = presented.as_ref().ok().map(|bearer| bearer.client_id.clone());
    parts.extensions.insert(Presented(presented));
    let changes = parts.method != Method::GET;
    let response = next.run(Request::from_parts(parts, body)).await;
    if let (true, Some(client_id)) = (changes, client_id) {
        note(&shared, caller, path, client_id, response.status()).await;
    }
    allowance.announce(response)
}

/// The allowance of this call, which is counted where calls are limited.
async fn allowance(shared: &Shared) -> Result<Allowance, StoreError> {
    match shared.config.management_calls {
        Some(limit) => Allowance::take(shared, "management", limit).await,
        None => Ok(Allowance::full(shared, UNLIMITED)),
    }
}

/// Logs a call that changed something, or failed to: `sapi`, `fapi`.
async fn note(shared: &Shared, caller: Caller, path: String, client_id: String, status: StatusCode) {
    let kind = if status.is_success() { "sapi" } else { "fapi" };
    let client_name = shared.config.client(&client_id).map(|client| client.name.clone());
    let method = caller.method.to_ascii_lowercase();
    shared
        .log
        .record(LogEvent {
            description: Some(format!("{} {path}", caller.method)),
            client_id: Some(client_id),
            client_name,
            ip: Some(caller.ip),
            user_agent: Some(caller.user_agent),
            details: Some(json!({
                "request": { "method": method, "path": path },
                "response": { "statusCode": status.as_u16() },
            })),
            ..LogEvent::new(kind, shared.clock.now())
        })
        .await;
}
