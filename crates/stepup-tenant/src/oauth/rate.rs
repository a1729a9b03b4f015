//! How often one address may call the Authentication API, where the tenant limits it.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    audit::Audit,
    error::{Exhausted, Failure, Limit},
};
use crate::{allowance::Allowance, pipeline::Caller, state::Shared};

/// What is counted: calls of programs, not the pages.
const COUNTED: [&str; 4] = ["/oauth/", "/mfa/", "/userinfo", "/dbconnections/"];

/// Lets a call through, or answers 429 until the minute is over.
pub(crate) async fn pass(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let counted = COUNTED.iter().any(|prefix| request.uri().path().starts_with(prefix));
    let Some(limit) = shared.config.authentication_calls.filter(|_| counted) else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&parts);
    let allowance = match Allowance::take(&shared, &format!("authentication {}", caller.ip), limit).await {
        Ok(allowance) => allowance,
        Err(error) => return Failure::from(error).into_response(),
    };
    if allowance.exhausted {
        let opens_in = allowance.opens_in;
        let failure = Failure::from(Exhausted { limit: Limit::Requests, opens_in });
        Audit::new(&shared, &caller).describe(failure.to_string()).write("api_limit").await;
        return allowance.announce(failure.into_response());
    }
    allowance.announce(next.run(Request::from_parts(parts, body)).await)
}
