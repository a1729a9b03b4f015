//! Accounts of database connections: sign-up and new passwords, on the wire (`/dbconnections/*`) and for the pages alike.

pub(crate) mod account;
pub(crate) mod change_password;
mod error;
pub(crate) mod mail;
mod sign_up;

use axum::{Router, routing::post};

use crate::state::Shared;

/// The endpoints of this room.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/dbconnections/change_password", post(change_password::handle))
        .route("/dbconnections/signup", post(sign_up::handle))
}
