//! `users/{id}/authentication-methods`: what a user proves a second factor with.

mod body;
mod calls;
mod shape;

use axum::{Router, routing::get};

pub(super) use self::calls::{note, remove_all};

use crate::state::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(
            "/users/{user_id}/authentication-methods",
            get(calls::list).post(calls::create).put(calls::replace).delete(calls::delete_all),
        )
        .route(
            "/users/{user_id}/authentication-methods/{id}",
            get(calls::one).patch(calls::update).delete(calls::delete),
        )
}
