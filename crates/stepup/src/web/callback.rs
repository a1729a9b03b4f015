//! `GET /auth/callback`: back from the tenant.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use url::Url;

use super::{answer, base_url, return_to};
use crate::{
    client::Client,
    login::{CallbackError, CallbackOutcome, CallbackParameters},
    session::{Session, SessionState},
    transaction::Transaction,
};

pub(super) async fn answer(
    client: &Client,
    request: &Request<Bytes>,
    state: &mut SessionState,
) -> Response<Bytes> {
    let parameters = CallbackParameters::parse(request.uri().query().unwrap_or(""));
    let base = base_url::of(client, request.headers()).map_err(|_| CallbackError::UnknownHost);
    let found = base.and_then(|base| Ok((base, transaction(client, &parameters, request.headers())?)));
    let (return_to, transaction, mut result) = match found {
        Ok((base, transaction)) => {
            let redirect_uri = base_url::route(client, base, &client.config().routes.callback);
            let result = client.complete_login(&transaction, &parameters, redirect_uri.as_str()).await;
            (return_to::address(&transaction.return_to, base), Some(transaction), result)
        }
        Err(error) => {
            let base = base_url::of(client, request.headers()).unwrap_or_else(|_| base_url::first(client));
            (return_to::address(&client.config().sign_in_return_to_path, base), None, Err(error))
        }
    };
    let mut response = respond(client, &mut result, &return_to).await;
    if let Ok(session) = result {
        state.begin(session);
    }
    // A transaction is good for one callback, however it ends. A login that is not ours leaves the others alone.
    if let Some(cookie) = transaction.and_then(|transaction| client.forget(&transaction.state)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The login that the callback is for.
fn transaction(
    client: &Client,
    parameters: &CallbackParameters,
    headers: &HeaderMap,
) -> Result<Transaction, CallbackError> {
    client.remembered(parameters.state()?, headers).ok_or(CallbackError::InvalidState)
}

/// The application's own answer, if it has one.
async fn respond(
    client: &Client,
    result: &mut Result<Session, CallbackError>,
    return_to: &Url,
) -> Response<Bytes> {
    if let Err(error) = result {
        report(error);
    }
    if let Some(hook) = &client.config().on_callback {
        let outcome = CallbackOutcome { result: result.as_mut().map_err(|error| &*error), return_to };
        if let Some(response) = hook(outcome).await {
            return response;
        }
    }
    match result {
        Ok(_) => answer::redirect(return_to),
        Err(error) => answer::text(error.status(), message(error)),
    }
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
