//! The Management API, `/api/v2`: one module a resource.
//!
//! A call goes through [`gate`] first, which counts it, verifies its token and notes in the log what it changed. A handler
//! asks for its scope, reads query and body by their tables, and answers with an [`Answer`] or a [`Failure`].

pub(crate) mod actions;
mod authentication_methods;
pub(crate) mod bearer;
mod client_grants;
mod clients;
mod connections;
mod enrollment;
pub(crate) mod error;
mod fields;
mod gate;
mod guardian;
pub(crate) mod jobs;
mod logs;
mod lucene;
mod page;
mod request;
mod resource_servers;
mod schema;
mod settings;
mod stats;
mod users;

use axum::{
    Router,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::Value;

use self::error::{Failure, json_response};
use crate::state::Shared;

/// What a call answers with.
pub(crate) enum Answer {
    /// 204, or another status without a body.
    Empty(StatusCode),
    /// JSON.
    Json(StatusCode, Value),
}

type Answered = Result<Answer, Failure>;

impl Answer {
    /// 200 with `body`.
    const fn ok(body: Value) -> Self {
        Self::Json(StatusCode::OK, body)
    }

    /// 201 with `body`.
    const fn created(body: Value) -> Self {
        Self::Json(StatusCode::CREATED, body)
    }

    /// 204.
    const fn gone() -> Self {
        Self::Empty(StatusCode::NO_CONTENT)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Empty(status) => status.into_response(),
            Self::Json(status, body) => json_response(status, &body),
        }
    }
}

/// The calls of the API.
pub(crate) fn routes(shared: &Shared) -> Router<Shared> {
    let calls = Router::new()
        .merge(actions::routes())
        .merge(authentication_methods::routes())
        .merge(client_grants::routes())
        .merge(clients::routes())
        .merge(connections::routes())
        .merge(guardian::routes())
        .merge(jobs::routes())
        .merge(logs::routes())
        .merge(resource_servers::routes())
        .merge(settings::routes())
        .merge(stats::routes())
        .merge(users::routes())
        .fallback(nothing_there)
        .method_not_allowed_fallback(nothing_there)
        .layer(from_fn_with_state(Shared::clone(shared), gate::pass));
    Router::new().nest("/api/v2", calls)
}

async fn nothing_there() -> Failure {
    Failure::NotFound { message: "Not Found".into(), code: None }
}
