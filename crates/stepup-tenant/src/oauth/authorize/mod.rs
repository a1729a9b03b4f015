//! `/authorize`: the request is checked, then answered at once (`prompt=none`) or by way of the pages.

pub(crate) mod code;
pub(crate) mod request;
pub(crate) mod respond;
mod silent;

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use bytes::Bytes;
use http::{HeaderMap, header};

use self::request::{Accepted, PageProblem, Parameters, Problem, Refused, accept};
use super::{
    error::Failure,
    par::{self, Resolved},
    params::Params,
};
use crate::{
    login::{self, cookies},
    model::TenantSession,
    pipeline::{Caller, header_text},
    state::Shared,
};

/// `GET /authorize`.
pub(super) async fn by_query(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::from_form(query.as_deref().unwrap_or_default());
    begin(&shared, &caller, &headers, params).await
}

/// `POST /authorize` (OIDC Core section 3.1.2.1).
pub(super) async fn by_form(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let params = Params::from_body(header_text(&headers, header::CONTENT_TYPE), &body);
    begin(&shared, &caller, &headers, params).await
}

async fn begin(
    shared: &Shared,
    caller: &Caller,
    headers: &HeaderMap,
    params: Result<Params, super::params::ParamsError>,
) -> Response {
    let tracking = caller.correlation.request_id();
    let refuse = |problem, client_id: Option<&str>| respond::refuse(shared, &problem, client_id, tracking);
    let parameters: Parameters = match params {
        Ok(params) => params.into_texts(),
        // A parameter that comes twice may be the callback itself: nothing is redirected.
        Err(_) => return refuse(PageProblem::Invalid("every parameter just once"), None),
    };
    let client_id = parameters.get("client_id").cloned();
    let (parameters, pushed) = match par::resolve(shared, parameters).await {
        Ok(Resolved::AsTheyCame(parameters)) => (parameters, false),
        Ok(Resolved::Pushed(parameters)) => (parameters, true),
        Ok(Resolved::Unknown) => return refuse(PageProblem::PushedRequest, client_id.as_deref()),
        Err(failure) => {
            tracing::error!(error = &failure as &dyn std::error::Error, "an authorization request failed");
            return refuse(PageProblem::Failed, client_id.as_deref());
        }
    };
    let accepted = match accept(shared, &parameters) {
        Ok(accepted) if !pushed && must_push(shared, &accepted) => {
            let problem = Problem::invalid("This client has to push its authorization requests");
            return accepted.answer.problem(shared, &problem);
        }
        Ok(accepted) => accepted,
        Err(Refused::Page(problem)) => return refuse(problem, client_id.as_deref()),
        Err(Refused::Client(answer, problem)) => return answer.problem(shared, &problem),
    };
    let answered = answer(shared, caller, headers, &parameters, &accepted).await;
    answered.unwrap_or_else(|failure| accepted.answer.problem(shared, &Problem::of(&failure)))
}

/// Answers an accepted request at once, or begins a login on the pages.
async fn answer(
    shared: &Shared,
    caller: &Caller,
    headers: &HeaderMap,
    parameters: &Parameters,
    accepted: &Accepted<'_>,
) -> Result<Response, Failure> {
    let session = match cookies::session(shared, headers).await? {
        Some(session)
            if is_enough(shared, accepted, &session) && is_of(shared, parameters, &session).await? =>
        {
            Some(session)
        }
        _ => None,
    };
    if accepted.prompt.none {
        return silent::answer(shared, caller, headers, parameters, accepted, session).await;
    }
    login::begin(shared, caller, headers, parameters, accepted, session).await
}

/// RFC 9126 sections 5 and 6.
fn must_push(shared: &Shared, accepted: &Accepted<'_>) -> bool {
    shared.config.pushed_requests.required || accepted.client.require_pushed_requests
}

/// Whether the session is of a user in the directory that the request names, if it names one.
async fn is_of(shared: &Shared, parameters: &Parameters, session: &TenantSession) -> Result<bool, Failure> {
    let Some(connection) = parameters.get("connection") else { return Ok(true) };
    let user = shared.store.user(&session.user_id).await?;
    Ok(user.is_some_and(|user| user.connection == *connection))
}

/// Whether a session spares the user the password: nothing demands a new login, and it is young enough.
fn is_enough(shared: &Shared, accepted: &Accepted<'_>, session: &TenantSession) -> bool {
    let age = shared.clock.now().since(session.authenticated_at).as_secs();
    // OIDC Core section 3.1.2.1: max_age=0 is prompt=login.
    let young_enough = accepted.max_age.is_none_or(|max_age| max_age > 0 && age <= max_age);
    !accepted.prompt.login && !accepted.prompt.create && young_enough
}
