//! `GET /auth/profile`: who is logged in.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use super::answer;
use crate::{client::Client, session::SessionState};

pub(super) fn answer(client: &Client, session: &SessionState) -> Response<Bytes> {
    match session.session() {
        Some(session) => answer::json(StatusCode::OK, &Value::Object(session.user().clone())),
        None if client.config().no_content_profile => answer::empty(StatusCode::NO_CONTENT),
        None => answer::empty(StatusCode::UNAUTHORIZED),
    }
}
