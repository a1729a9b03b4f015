//! `clients`: applications, their secrets and their keys.

mod body;
mod calls;
mod credentials;
mod shape;

use axum::{
    Router,
    routing::{get, post},
};
use serde_json::Value;

use super::error::Failure;
use crate::{
    config::{Document, Section},
    state::Shared,
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/clients", get(calls::list).post(calls::create))
        .route("/clients/{id}", get(calls::one).patch(calls::update).delete(calls::delete))
        .route("/clients/{id}/rotate-secret", post(calls::rotate_secret))
        .route("/clients/{id}/credentials", get(credentials::list).post(credentials::create))
        .route(
            "/clients/{id}/credentials/{credential_id}",
            get(credentials::one).patch(credentials::update).delete(credentials::delete),
        )
}

fn find<'a>(document: &'a Document, client_id: &str) -> Result<&'a Value, Failure> {
    document.find(Section::Clients, client_id).ok_or_else(inexistent)
}

fn find_mut<'a>(document: &'a mut Document, client_id: &str) -> Result<&'a mut Value, Failure> {
    document.find_mut(Section::Clients, client_id).ok_or_else(inexistent)
}

fn inexistent() -> Failure {
    Failure::not_found("The client does not exist", "inexistent_client")
}
