//! One request judged.

use axum_core::body::Body;
use futures_util::lock::OwnedMutexGuard;
use http::request::Parts;
use http_body_util::{BodyExt as _, Limited};
use stepup::{
    MAX_FORM_BYTES, SessionState,
    guard::{Guard, Passed, Sent, Stopped, StoppedRequest},
};

use super::StepUpRejection;
use crate::{SessionRejection, session::Handle};

/// The session of a request that may go on, and what it goes on with.
pub(super) type Judged = (OwnedMutexGuard<SessionState>, Passed);

/// Judges a request. `body` is read only if it is stopped, and then only a form.
pub(super) async fn judge(
    guard: &Guard,
    parts: &Parts,
    body: &mut Option<Body>,
) -> Result<Judged, StepUpRejection> {
    let handle = Handle::of(parts)?;
    let mut state = handle.try_lock().ok_or(SessionRejection::InUse)?;
    // A form is more than the page that it asks for: the guard keeps it for whoever sent it, or says that it did not.
    if state.session().is_none() && !StoppedRequest::sends_form(&parts.method, &parts.headers) {
        return Err(handle.not_logged_in().into());
    }
    let client = handle.client();
    let judged = if StoppedRequest::is_prefetch(&parts.headers) {
        client.guard_ahead(&mut state, guard).await
    } else {
        let here = handle.uri().path_and_query().map_or("/", |here| here.as_str());
        client.guard(&mut state, guard, &parts.method, here).await
    };
    match judged {
        Ok(passed) => Ok((state, passed)),
        Err(reason) => Err(answer(guard, handle, &state, parts, body, reason).await),
    }
}

async fn answer(
    guard: &Guard,
    handle: &Handle,
    state: &SessionState,
    parts: &Parts,
    body: &mut Option<Body>,
    reason: Stopped,
) -> StepUpRejection {
    let form = match body.take() {
        Some(body) if StoppedRequest::sends_form(&parts.method, &parts.headers) => {
            let read = Limited::new(body, MAX_FORM_BYTES).collect().await;
            read.ok().map(http_body_util::Collected::to_bytes)
        }
        _ => None,
    };
    let request = StoppedRequest {
        method: &parts.method,
        uri: handle.uri(),
        headers: &parts.headers,
        sent: form.as_ref().map_or(Sent::Unread, |form| Sent::Form(form)),
    };
    let response = reason.answer(handle.client(), state, guard, &request).map(Body::from);
    StepUpRejection::Stopped { reason, response: Box::new(response) }
}
