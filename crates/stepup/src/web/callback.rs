//! `GET /auth/callback`: back from the tenant.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use url::Url;

use super::{answer, base_url, return_to};
use crate::{
    client::Client,
    login::{CallbackError, CallbackParameters},
    session::{Session, SessionState},
};

pub(super) async fn answer(
    client: &Client,
    request: &Request<Bytes>,
    state: &mut SessionState,
) -> Response<Bytes> {
    let parameters = CallbackParameters::parse(request.uri().query().unwrap_or(""));
    match complete(client, &parameters, request.headers()).await {
        Ok((session, target)) => {
            state.begin(session);
            forget(client, &parameters, answer::redirect(&target))
        }
        Err(error) => {
            let response = answer::text(error.status(), message(&error));
            report(&error);
            // A login that is not ours leaves the others alone.
            match error {
                CallbackError::InvalidState | CallbackError::MissingState => response,
                _ => forget(client, &parameters, response),
            }
        }
    }
}

async fn complete(
    client: &Client,
    parameters: &CallbackParameters,
    headers: &HeaderMap,
) -> Result<(Session, Url), CallbackError> {
    let base = base_url::of(client, headers).map_err(|_| CallbackError::UnknownHost)?;
    let state = parameters.state()?;
    let transaction = client.remembered(state, headers).ok_or(CallbackError::InvalidState)?;
    let redirect_uri = base_url::route(client, base, &client.config().routes.callback);
    let session = client.complete_login(&transaction, parameters, redirect_uri.as_str()).await?;
    Ok((session, return_to::address(&transaction.return_to, base)))
}

/// A transaction is good for one callback, however it ends.
fn forget(
    client: &Client,
    parameters: &CallbackParameters,
    mut response: Response<Bytes>,
) -> Response<Bytes> {
    if let Some(cookie) = parameters.state().ok().and_then(|state| client.forget(state)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// What the visitor is told: in the SDK's words where they are harmless, and never what the tenant wrote.
fn message(error: &CallbackError) -> String {
    match error {
        CallbackError::Authorization(_) => "An error occurred during the authorization flow.".to_owned(),
        CallbackError::Exchange(_)
        | CallbackError::IdToken(_)
        | CallbackError::MfaRequired
        | CallbackError::NoIdToken => {
            "An error occurred while trying to exchange the authorization code.".to_owned()
        }
        error => error.to_string(),
    }
}

fn report(error: &CallbackError) {
    let code = error.code();
    let cause = error as &dyn std::error::Error;
    if error.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(code, error = cause, "a login failed");
    } else {
        tracing::info!(code, error = cause, "a login ended");
    }
}
