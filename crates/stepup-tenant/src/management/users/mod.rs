//! `users`: who has an account, and everything about one of them.

mod list;
mod sessions;
mod shape;
mod write;

use axum::{Router, routing::get};

use super::error::Failure;
use crate::{
    model::User,
    state::{Shared, State},
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/users", get(list::search).post(write::create))
        .route("/users-by-email", get(list::by_email))
        .route("/users/{user_id}", get(list::one).patch(write::update).delete(write::delete))
        .route("/users/{user_id}/sessions", get(sessions::of_user).delete(sessions::end_all))
        .route("/users/{user_id}/refresh-tokens", get(sessions::tokens_of_user).delete(sessions::revoke_all))
        .route("/sessions/{id}", get(sessions::one).delete(sessions::end))
        .route("/sessions/{id}/revoke", axum::routing::post(sessions::revoke))
        .route("/refresh-tokens", get(sessions::tokens))
        .route("/refresh-tokens/{id}", get(sessions::token).delete(sessions::revoke_token))
}

/// The user with this id.
///
/// # Errors
/// There is none: `inexistent_user`.
async fn existing(state: &State, user_id: &str) -> Result<User, Failure> {
    state.store.user(user_id).await?.ok_or_else(inexistent)
}

fn inexistent() -> Failure {
    Failure::not_found("The user does not exist.", "inexistent_user")
}
