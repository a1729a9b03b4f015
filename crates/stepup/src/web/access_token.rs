//! `GET /auth/access-token`: an access token for the browser.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value, json};
use stepup_protocol::error::code;

use super::{answer, query::LONGEST_PARAMETER};
use crate::{
    client::Client,
    session::SessionState,
    tokens::{AccessToken, AccessTokenError, AccessTokenRequest},
};

const TOO_LONG: &str = "Invalid audience or scope query param. Must be 2048 bytes at most.";

pub(super) async fn answer(
    client: &Client,
    request: &Request<Bytes>,
    state: &mut SessionState,
) -> Response<Bytes> {
    let Some(wanted) = wanted(request.uri().query().unwrap_or("")) else {
        let error = json!({ "code": code::INVALID_REQUEST, "message": TOO_LONG });
        return answer::json(StatusCode::BAD_REQUEST, &json!({ "error": error }));
    };
    match token(client, &wanted, state).await {
        Ok(token) => answer::json(StatusCode::OK, &Value::Object(body(client, &token))),
        Err(error) => {
            tracing::debug!(code = error.code(), "no access token");
            answer::wait(error.retry_after(), answer::json(error.status(), &error.to_json()))
        }
    }
}

async fn token(
    client: &Client,
    wanted: &AccessTokenRequest,
    state: &mut SessionState,
) -> Result<AccessToken, AccessTokenError> {
    let session = state.session_mut().ok_or(AccessTokenError::MissingSession)?;
    client.access_token(session, wanted).await
}

/// Nothing where a parameter is too long: another token than the one that was asked for would help nobody.
fn wanted(query: &str) -> Option<AccessTokenRequest> {
    let mut wanted = AccessTokenRequest::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        wanted = match &*name {
            "audience" | "scope" if value.len() > LONGEST_PARAMETER => return None,
            "audience" => wanted.audience(value),
            "scope" if !value.is_empty() => wanted.scope(&*value),
            "mergeScopes" => wanted.merge_scopes(value != "false"),
            _ => wanted,
        };
    }
    Some(wanted)
}

fn body(client: &Client, token: &AccessToken) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("token".to_owned(), token.token().into());
    if let Some(scope) = token.scope() {
        body.insert("scope".to_owned(), scope.as_str().into());
    }
    if let (Some(end), Some(left)) = (token.expires_at(), token.expires_in(client.now())) {
        body.insert("expires_at".to_owned(), json!(end));
        body.insert("expires_in".to_owned(), left.as_secs().into());
    }
    if let Some(token_type) = token.token_type() {
        body.insert("token_type".to_owned(), token_type.into());
    }
    body
}
