//! `…/status` beside the pages that wait for a phone: what their script asks, as JSON.

use axum::response::{IntoResponse, Response};
use http::header;

use super::{
    sent::Sent,
    visit::{Lost, Visit},
};
use crate::model::{OobAnswer, PushState};

/// How something stands that a phone has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// The phone said no.
    Denied,
    /// The phone did it, or there is nothing to wait for any more: the page itself says what comes next.
    Done,
    /// It is too late.
    Expired,
    /// Not yet.
    Pending,
}

/// How `sent` stands.
///
/// # Errors
/// The store failed.
pub(super) async fn of(visit: &Visit, sent: Option<&Sent>) -> Result<Status, Lost> {
    let Some(sent) = sent else { return Ok(Status::Expired) };
    if sent.denied {
        return Ok(Status::Denied);
    }
    let found = visit.shared.store.oob(&sent.oob_code).await.map_err(|error| visit.failed(error))?;
    let Some(waiting) = found else { return Ok(Status::Expired) };
    let scan_ends = match &waiting.expects {
        OobAnswer::Scan { expires_at, .. } => *expires_at,
        OobAnswer::Code { .. } | OobAnswer::Mailbox { .. } | OobAnswer::Push { .. } => waiting.expires_at,
    };
    Ok(match waiting.state {
        PushState::Approved => Status::Done,
        PushState::Denied => Status::Denied,
        PushState::Pending if visit.shared.clock.now() >= waiting.expires_at.min(scan_ends) => {
            Status::Expired
        }
        PushState::Pending => Status::Pending,
    })
}

/// It as JSON.
pub(super) fn answer(status: Status) -> Response {
    let word = match status {
        Status::Denied => "denied",
        Status::Done => "done",
        Status::Expired => "expired",
        Status::Pending => "pending",
    };
    let headers =
        [(header::CONTENT_TYPE, "application/json; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (headers, serde_json::json!({ "status": word }).to_string()).into_response()
}
