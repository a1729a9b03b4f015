//! `actions`: drafts, what was deployed of them, and in which order they run.
//!
//! A draft is an entity of the configuration; `deployed_version` in it is what runs. Every version that was deployed is kept
//! in the store, its secrets sealed.

mod body;
mod calls;
mod deploy;
mod shape;
mod test;
mod triggers;

use axum::{
    Router,
    routing::{get, post},
};
use serde_json::{Map, Value};

pub(crate) use self::{body::LONGEST_CODE, calls::draft, deploy::deploy, shape::all_changes_deployed};
use super::error::Failure;
use crate::{
    config::{Document, Section},
    state::Shared,
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/actions/actions", get(calls::list).post(calls::create))
        .route("/actions/actions/{id}", get(calls::one).patch(calls::update).delete(calls::delete))
        .route("/actions/actions/{id}/deploy", post(deploy::draft))
        .route("/actions/actions/{id}/test", post(test::run))
        .route("/actions/actions/{id}/versions", get(deploy::versions))
        .route("/actions/actions/{id}/versions/{version_id}", get(deploy::version))
        .route("/actions/actions/{id}/versions/{version_id}/deploy", post(deploy::again))
        .route("/actions/triggers", get(triggers::list))
        .route("/actions/triggers/{id}/bindings", get(triggers::bindings).patch(triggers::bind))
}

const READ: &[&str] = &["read:actions"];
const CREATE: &[&str] = &["create:actions"];
const UPDATE: &[&str] = &["update:actions"];

fn find<'a>(document: &'a Document, id: &str) -> Result<&'a Map<String, Value>, Failure> {
    document.find(Section::Actions, id).and_then(Value::as_object).ok_or_else(not_found)
}

fn not_found() -> Failure {
    Failure::NotFound { message: "That action does not exist.".into(), code: None }
}

/// Changes one Action.
async fn change(
    shared: &Shared,
    id: &str,
    mut change: impl FnMut(&mut Map<String, Value>) -> Result<(), Failure> + Send,
) -> Result<(), Failure> {
    shared
        .configuration
        .change(|document| {
            let action = document.find_mut(Section::Actions, id).and_then(Value::as_object_mut);
            change(action.ok_or_else(not_found)?)
        })
        .await
}
