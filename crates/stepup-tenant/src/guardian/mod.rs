//! The phone's API, as the Guardian libraries speak it: a phone scans the QR code of a push enrolment, answers questions,
//! and manages what it enrolled.
//!
//! A library that is told the tenant's own domain puts `/appliance-mfa` before its paths; one that is told a Guardian host
//! does not. Both are served, and what a phone signs names the address that it called.

mod account;
mod enroll;
mod failure;
mod resolve;
mod rich_consent;
mod signed;

use axum::{
    Router,
    routing::{get, patch, post},
};

pub(crate) use self::{enroll::present, failure::Failure, resolve::settle};
use crate::state::Shared;

/// Before the paths, where the phone was told the tenant's own domain.
const PREFIX: &str = "/appliance-mfa";

/// Whether a path is one of a phone's.
pub(crate) fn has(path: &str) -> bool {
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    ["/api/enroll", "/api/resolve-transaction", "/api/device-accounts/", "/rich-consents/"]
        .iter()
        .any(|endpoint| path.starts_with(endpoint))
}

/// The endpoints of this room.
pub(crate) fn routes() -> Router<Shared> {
    let consents = Router::new().route("/rich-consents/{id}", get(rich_consent::handle));
    // Not nested: what a phone signs names the path as it was called.
    ["", PREFIX].into_iter().fold(consents, |router, prefix| {
        router
            .route(&format!("{prefix}/api/enroll"), post(enroll::handle))
            .route(&format!("{prefix}/api/resolve-transaction"), post(resolve::handle))
            .route(
                &format!("{prefix}/api/device-accounts/{{id}}"),
                patch(account::update).delete(account::remove),
            )
    })
}
