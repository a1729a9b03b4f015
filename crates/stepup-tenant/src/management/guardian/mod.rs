//! `guardian`: which factors there are, when one is asked for, what sends their messages, and enrolments.

mod enrollments;
mod factors;
mod providers;

use axum::Router;

use crate::state::Shared;

/// Who may read what factors are set to.
const READ: &[&str] = &["read:guardian_factors"];
/// Who may change it.
const UPDATE: &[&str] = &["update:guardian_factors"];

pub(super) fn routes() -> Router<Shared> {
    Router::new().merge(enrollments::routes()).merge(factors::routes()).merge(providers::routes())
}
