//! Which room answers which path.

use axum::Router;

use crate::{login, mfa, oauth, state::Shared};

/// Every public endpoint of the tenant.
pub(crate) fn router(shared: Shared) -> Router {
    Router::new().merge(oauth::routes()).merge(login::routes()).merge(mfa::routes()).with_state(shared)
}
