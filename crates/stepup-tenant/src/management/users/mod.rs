//! `users`: who has an account, and everything about one of them.

mod list;
mod mfa;
mod sessions;
mod shape;
mod write;

use axum::{
    Router,
    routing::{delete, get, post},
};

pub(super) use self::sessions::end_of_user as end_sessions;
use super::error::Failure;
pub(super) use crate::{factors::email::is_address as is_email, factors::phone::is_e164 as is_phone};
use crate::{
    model::User,
    state::{Shared, State},
};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/users", get(list::search).post(write::create))
        .route("/users-by-email", get(list::by_email))
        .route("/users/{user_id}", get(list::one).patch(write::update).delete(write::delete))
        .route("/users/{user_id}/authenticators", delete(mfa::remove_authenticators))
        .route("/users/{user_id}/enrollments", get(mfa::enrollments))
        .route("/users/{user_id}/multifactor/actions/invalidate-remember-browser", post(mfa::forget_browsers))
        .route("/users/{user_id}/multifactor/{provider}", delete(mfa::remove_provider))
        .route("/users/{user_id}/recovery-code-regeneration", post(mfa::regenerate_recovery_code))
        .route("/users/{user_id}/risk-assessments/clear", post(mfa::clear_risk))
        .route("/users/{user_id}/sessions", get(sessions::of_user).delete(sessions::end_all))
        .route("/users/{user_id}/refresh-tokens", get(sessions::tokens_of_user).delete(sessions::revoke_all))
        .route("/sessions/{id}", get(sessions::one).delete(sessions::end))
        .route("/sessions/{id}/revoke", post(sessions::revoke))
        .route("/refresh-tokens", get(sessions::tokens))
        .route("/refresh-tokens/{id}", get(sessions::token).delete(sessions::revoke_token))
}

/// The user with this id.
///
/// # Errors
/// There is none: `inexistent_user`.
pub(super) async fn existing(state: &State, user_id: &str) -> Result<User, Failure> {
    state.store.user(user_id).await?.ok_or_else(inexistent)
}

fn inexistent() -> Failure {
    Failure::not_found("The user does not exist.", "inexistent_user")
}
