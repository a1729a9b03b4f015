//! `POST /oauth/par`: an authorization request comes ahead of the browser (RFC 9126).

use std::collections::BTreeMap;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use stepup_protocol::error::code;
use stepup_seal::token;

use super::{
    audit::Audit,
    authorize::request::{Refused, accept},
    client_auth, dpop,
    error::{Failure, RequestFault},
    never_stored,
    params::Params,
};
use crate::{
    config::Client,
    model::{Digest, PushedRequest},
    pipeline::{Caller, header_text},
    state::Shared,
};

/// What every `request_uri` of ours begins with; 64 characters follow.
const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// Keeps the request, and answers with what stands for it at `/authorize`.
pub(super) async fn handle(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let pushed = push(&shared, &headers, &body).await;
    if let Err(failure) = &pushed {
        Audit::new(&shared, &caller).describe(failure.wire().description).write("fpar").await;
    }
    pushed
}

async fn push(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Response, Failure> {
    let settings = shared.config.pushed_requests;
    if !settings.enabled {
        return Err(RequestFault::PushedRequestsOff.into());
    }
    let params = Params::from_body(header_text(headers, header::CONTENT_TYPE), body)?;
    let client = client_auth::authenticate(shared, headers, &params).await?;
    if params.has("request_uri") {
        return Err(RequestFault::NotToBePushed("request_uri").into());
    }
    let parameters = parameters(shared, client, headers, params).await?;
    if let Err(refused) = accept(shared, &parameters) {
        return Err(told(refused).into());
    }
    let request_uri = format!("{URN}{}", token(shared.random.as_ref(), 48));
    let request = PushedRequest {
        client_id: client.client_id.clone(),
        parameters,
        expires_at: shared.clock.now() + settings.lifetime,
    };
    shared.store.insert_pushed_request(&Digest::of(&request_uri), &request).await?;
    Ok(answer(&request_uri, settings.lifetime.as_secs()))
}

/// The authorization request: without what proved the client, and with the key that a DPoP proof came with
/// (RFC 9449 section 10.1).
async fn parameters(
    shared: &Shared,
    client: &Client,
    headers: &HeaderMap,
    params: Params,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut parameters = params.into_texts();
    parameters.retain(|name, _| !client_auth::CREDENTIALS.contains(&name.as_str()));
    parameters.insert("client_id".to_owned(), client.client_id.clone());
    if let Some(proved) = dpop::prove(shared, client, headers, "oauth/par").await? {
        dpop::same_key(parameters.get("dpop_jkt").map(String::as_str), Some(&proved))?;
        parameters.insert("dpop_jkt".to_owned(), proved);
    }
    Ok(parameters)
}

/// RFC 9126 section 2.3: what `/authorize` would refuse is refused here, and told to the client either way.
fn told(refused: Refused) -> RequestFault {
    match refused {
        Refused::Client(_, problem) => {
            RequestFault::Pushed { error: problem.error, description: problem.description }
        }
        Refused::Page(problem) => {
            RequestFault::Pushed { error: code::INVALID_REQUEST, description: problem.message() }
        }
    }
}

fn answer(request_uri: &str, expires_in: u64) -> Response {
    let body = json!({ "request_uri": request_uri, "expires_in": expires_in }).to_string();
    let mut response = (StatusCode::CREATED, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    never_stored(headers);
    response
}

/// The parameters that a request to `/authorize` is about: those that were pushed, if it names some. They win over
/// whatever came along with the `request_uri` (RFC 9126 section 4).
pub(super) enum Resolved {
    /// They came with the browser.
    AsTheyCame(BTreeMap<String, String>),
    /// They were pushed before, and can be used this once.
    Pushed(BTreeMap<String, String>),
    /// There is nothing under that `request_uri` (any more), or it is another client's.
    Unknown,
}

/// Takes what was pushed.
///
/// # Errors
/// The store failed.
pub(super) async fn resolve(
    shared: &Shared,
    parameters: BTreeMap<String, String>,
) -> Result<Resolved, Failure> {
    let (Some(request_uri), Some(client_id)) =
        (parameters.get("request_uri").filter(|uri| uri.starts_with(URN)), parameters.get("client_id"))
    else {
        return Ok(Resolved::AsTheyCame(parameters));
    };
    let taken = shared.store.take_pushed_request(&Digest::of(request_uri), client_id).await?;
    let now = shared.clock.now();
    Ok(match taken.filter(|request| now < request.expires_at) {
        Some(request) => Resolved::Pushed(request.parameters),
        None => Resolved::Unknown,
    })
}
