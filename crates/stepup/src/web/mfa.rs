//! The MFA routes: one way in, one way out. Bodies and answers are nextjs-auth0's, so that its browser client works;
//! where the statuses differ, a caller can act on ours.

mod body;
pub(super) mod push;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::{answer, too_large};
use crate::{
    client::Client,
    mfa::{
        ChallengeError, DeleteAuthenticatorError, EnrollError, InvalidRequest, ListAuthenticatorsError,
        Verified,
    },
    session::{SessionState, SessionTooLarge},
    wire_error::WireError,
};

/// `GET mfa/authenticators`: the tenant's list, filtered by what the step-up may be answered with.
pub(super) async fn authenticators(
    client: &Client,
    request: &Request<Bytes>,
    state: &SessionState,
) -> Response<Bytes> {
    let token = match body::bearer(request.headers()) {
        Ok(token) => token,
        Err(error) => return refused(&error),
    };
    let listed = async {
        let mfa = client.mfa().of(state.session());
        let context = mfa.open(&token)?;
        mfa.list(&context).await
    };
    match listed.await {
        Ok(listed) => answer::json(StatusCode::OK, &Value::Array(listed)),
        Err::<_, ListAuthenticatorsError>(error) => refused(&error),
    }
}

/// `POST mfa/associate`.
pub(super) async fn associate(
    client: &Client,
    request: &Request<Bytes>,
    state: &SessionState,
) -> Response<Bytes> {
    let read =
        || Ok::<_, InvalidRequest>((body::bearer(request.headers())?, body::associate(request.body())?));
    let (token, enroll) = match read() {
        Ok(read) => read,
        Err(error) => return refused(&error),
    };
    let enrolled = async {
        let mfa = client.mfa().of(state.session());
        let context = mfa.open(&token)?;
        mfa.associate(&context, &enroll).await
    };
    match enrolled.await {
        Ok(enrolled) => answer::json(StatusCode::OK, &enrolled),
        Err::<_, EnrollError>(error) => refused(&error),
    }
}

/// `POST mfa/challenge`; the token is in the body.
pub(super) async fn challenge(
    client: &Client,
    request: &Request<Bytes>,
    state: &SessionState,
) -> Response<Bytes> {
    let (token, challenge) = match body::challenge(request.body()) {
        Ok(read) => read,
        Err(error) => return refused(&error),
    };
    let begun = async {
        let mfa = client.mfa().of(state.session());
        let context = mfa.open(&token)?;
        mfa.begin_challenge(&context, &challenge).await
    };
    match begun.await {
        Ok(begun) => answer::json(StatusCode::OK, &begun),
        Err::<_, ChallengeError>(error) => refused(&error),
    }
}

/// `POST mfa/verify`. Tokens go into the session and never into the body.
pub(super) async fn verify(
    client: &Client,
    request: &Request<Bytes>,
    state: &mut SessionState,
) -> Response<Bytes> {
    let read = || Ok::<_, InvalidRequest>((body::bearer(request.headers())?, body::verify(request.body())?));
    let (response, recovery_code) = match read() {
        Ok((token, proof)) => match client.mfa().verify(state, &token, proof).await {
            Ok(verified) => (success(&verified), verified.recovery_code),
            Err(error) => (refused(&error), None),
        },
        Err(error) => (refused(&error), None),
    };
    answer::private(client.finish_or(response, state, || session_too_large(recovery_code.as_deref())))
}

/// The old recovery code is spent: its user gets the new one, whatever becomes of the session.
fn session_too_large(recovery_code: Option<&str>) -> Response<Bytes> {
    let error = json!({ "error": SessionTooLarge::CODE, "error_description": too_large::DESCRIPTION });
    answer::json(StatusCode::INTERNAL_SERVER_ERROR, &with(error, recovery_code))
}

/// Tokens stay in the session; a recovery code is the user's.
fn success(verified: &Verified) -> Response<Bytes> {
    answer::json(StatusCode::OK, &with(json!({ "success": true }), verified.recovery_code.as_deref()))
}

fn with(mut body: Value, recovery_code: Option<&str>) -> Value {
    if let Some(recovery_code) = recovery_code {
        body["recovery_code"] = recovery_code.into();
    }
    body
}

/// `DELETE mfa/authenticators/{id}` and `?id=`.
pub(super) async fn delete(
    client: &Client,
    request: &Request<Bytes>,
    state: &SessionState,
    path_id: Option<&str>,
) -> Response<Bytes> {
    let read = || {
        let id = body::authenticator_id(path_id, request.uri().query())?;
        Ok::<_, InvalidRequest>((body::bearer(request.headers())?, id))
    };
    let (token, id) = match read() {
        Ok(read) => read,
        Err(error) => return refused(&error),
    };
    let deleted = async {
        let mfa = client.mfa().of(state.session());
        let context = mfa.open(&token)?;
        mfa.delete(&context, &id).await
    };
    match deleted.await {
        Ok(()) => answer::empty(StatusCode::NO_CONTENT),
        Err::<_, DeleteAuthenticatorError>(error) => refused(&error),
    }
}

/// The answer that an error derives.
fn refused(error: &(impl WireError + 'static)) -> Response<Bytes> {
    tracing::debug!(code = &*error.code(), error = error as &dyn std::error::Error, "the MFA route refused");
    answer::wait(error.retry_after(), answer::json(error.status(), &error.to_json()))
}
