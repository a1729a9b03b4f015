//! `GET /auth/logout`: out, here and at the tenant.

use std::borrow::Cow;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use url::Url;

use super::{answer, base_url, return_to};
use crate::{client::Client, login::LogoutRequest, session::SessionState};

const FAILED: &str = "An error occurred while trying to initiate the logout request.";

pub(super) async fn answer(
    client: &Client,
    request: &Request<Bytes>,
    state: &mut SessionState,
) -> Response<Bytes> {
    let base = match base_url::of(client, request.headers()) {
        Ok(base) => base,
        Err(error) => return answer::text(StatusCode::BAD_REQUEST, error.to_string()),
    };
    let session = state.session().cloned();
    client.end_session(state);
    if let Some(session) = &session {
        client.revoke_refresh_token(session).await;
    }
    let query: Vec<_> = form_urlencoded::parse(request.uri().query().unwrap_or("").as_bytes()).collect();
    let response = match client.logout_url(session.as_ref(), &wanted(&query, base)).await {
        Ok(destination) => answer::redirect(&destination),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "a browser could not be sent to the tenant for its logout");
            answer::text(StatusCode::INTERNAL_SERVER_ERROR, FAILED)
        }
    };
    answer::with_cookies(response, client.forget_all(request.headers()))
}

fn wanted<'q>(query: &'q [(Cow<'q, str>, Cow<'q, str>)], base: &Url) -> LogoutRequest<'q> {
    let one = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map(|(_, value)| &**value);
    let return_to = one("returnTo").and_then(|wish| return_to::safe_path(wish, base));
    LogoutRequest {
        return_to: return_to.map_or_else(|| base.clone(), |path| return_to::address(&path, base)),
        state: one("state"),
        federated: one("federated").is_some_and(|value| value != "false"),
    }
}
