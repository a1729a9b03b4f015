//! What every call goes through: the count of calls, the token, and the note in the log.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::json;
use stepup_protocol::time::UnixTime;

use super::{
    bearer::{Bearer, Presented},
    error::Failure,
};
use crate::{model::LogEvent, pipeline::Caller, state::Shared, store::StoreError};

/// How long calls are counted together, in seconds.
const STRETCH: i64 = 60;
/// What is announced where calls are not limited.
const UNLIMITED: u32 = 1000;

/// Lets a call through, and writes on its answer how many are left.
pub(super) async fn pass(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let allowance = match Allowance::take(&shared).await {
        Ok(allowance) => allowance,
        Err(error) => return Failure::from(error).into_response(),
    };
    if allowance.exhausted {
        return allowance.announce(Failure::TooMany.into_response());
    }
    let presented = Bearer::of(&shared, request.headers());
    let client_id = presented.as_ref().ok().map(|bearer| bearer.client_id.clone());
    request.extensions_mut().insert(Presented(presented));
    let changes = request.method() != Method::GET;
    let (parts, body) = request.into_parts();
    let (caller, path) = (Caller::of(&parts), format!("/api/v2{}", parts.uri.path()));
    let response = next.run(Request::from_parts(parts, body)).await;
    if let (true, Some(client_id)) = (changes, client_id) {
        note(&shared, caller, path, client_id, response.status()).await;
    }
    allowance.announce(response)
}

/// How many calls are left in this stretch of time.
struct Allowance {
    limit: u32,
    remaining: u32,
    resets_at: UnixTime,
    exhausted: bool,
}

impl Allowance {
    /// Counts one call, where they are limited.
    async fn take(shared: &Shared) -> Result<Self, StoreError> {
        let now = shared.clock.now();
        let began_at = UnixTime::from_seconds(now.seconds() - now.seconds().rem_euclid(STRETCH));
        let resets_at = UnixTime::from_seconds(began_at.seconds() + STRETCH);
        let Some(limit) = shared.config.management_calls else {
            return Ok(Self { limit: UNLIMITED, remaining: UNLIMITED, resets_at, exhausted: false });
        };
        let number = shared.store.count_in_quota("management", began_at).await?;
        Ok(Self { limit, remaining: limit.saturating_sub(number), resets_at, exhausted: number > limit })
    }

    fn announce(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        let reset = self.resets_at.seconds();
        headers.insert("x-ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(self.remaining));
        headers.insert("x-ratelimit-reset", HeaderValue::from(reset));
        if self.exhausted {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(STRETCH));
        }
        response
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
