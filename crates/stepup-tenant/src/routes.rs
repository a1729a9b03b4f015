//! Which room answers which path.

use axum::Router;

use crate::state::Shared;

/// Every public endpoint of the tenant.
pub(crate) fn router(shared: Shared) -> Router {
    Router::new().with_state(shared)
}
