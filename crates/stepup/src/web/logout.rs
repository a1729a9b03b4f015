//! `GET /auth/logout`: out, here and at the tenant.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use url::Url;

use super::{answer, base_url, return_to};
use crate::{client::Client, login::LogoutRequest, session::SessionState};

pub(super) async fn answer(
    client: &Client,
    request: &Request<Bytes>,
    state: &mut SessionState,
) -> Response<Bytes> {
    let session = state.session().cloned();
    if let Some(session) = &session {
        client.revoke_refresh_token(session).await;
    }
    state.remove();
    let mut response = match destination(client, request, session.as_ref()).await {
        Ok(destination) => answer::redirect(&destination),
        Err(error) => {
            tracing::error!(error = &*error, "a browser could not be sent to the tenant for its logout");
            answer::text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "An error occurred while trying to initiate the logout request.",
            )
        }
    };
    for cookie in client.forget_all(request.headers()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

async fn destination(
    client: &Client,
    request: &Request<Bytes>,
    session: Option<&crate::session::Session>,
) -> Result<Url, Box<dyn std::error::Error + Send + Sync>> {
    let base = base_url::of(client, request.headers())?;
    let query: Vec<_> = form_urlencoded::parse(request.uri().query().unwrap_or("").as_bytes()).collect();
    let one = |wanted: &str| query.iter().find(|(name, _)| name == wanted).map(|(_, value)| &**value);
    let return_to = one("returnTo").and_then(|wish| return_to::safe_path(wish, base));
    let logout = LogoutRequest {
        return_to: return_to.map_or_else(|| base.clone(), |path| return_to::address(&path, base)),
        state: one("state"),
        federated: one("federated").is_some_and(|value| value != "false"),
    };
    Ok(client.logout_url(session, &logout).await?)
}
