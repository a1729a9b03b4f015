//! What a script or a program is told.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use stepup_protocol::{claims::ACR_MULTI_FACTOR, error::code};
use url::Url;

use super::{ApiAnswer, Guard, Lack};
use crate::{
    client::Client,
    mfa::MfaRequired,
    tokens::AccessTokenError,
    web::{answer, base_url},
};

/// RFC 9470 section 3.
const INSUFFICIENT: &str = "insufficient_user_authentication";
/// OpenID Connect Core Unmet Authentication Requirements 1.0.
const UNMET: &str = "unmet_authentication_requirements";

/// A second factor is due.
pub(super) fn due(
    client: &Client,
    headers: &HeaderMap,
    guard: &Guard,
    lack: Lack,
    due: Option<&MfaRequired>,
) -> Response<Bytes> {
    let with_token = due.filter(|due| !due.needs_login());
    match with_token {
        Some(due) if guard.api_answer == ApiAnswer::MfaRequired => {
            answer::json(StatusCode::FORBIDDEN, &with_factors(due.to_json(), guard))
        }
        _ => {
            let base = base_url::of(client, headers).unwrap_or_else(|_| base_url::first(client));
            insufficient(client, guard, base, lack, with_token)
        }
    }
}

/// It was proved, and will not do.
pub(super) fn unmet(guard: &Guard, lack: Lack) -> Response<Bytes> {
    let description = format!("{}, and what was proved will not do.", lack.description());
    let body = json!({ "error": UNMET, "error_description": description });
    answer::json(StatusCode::FORBIDDEN, &with_factors(body, guard))
}

/// The access token lacks some of the guard's scope. No factor that the user could prove changes that.
pub(super) fn insufficient_scope(guard: &Guard) -> Response<Bytes> {
    let description = "The access token was not granted the scope that is needed";
    let needed = guard.token.named_scope();
    let error = code::INSUFFICIENT_SCOPE;
    let body = json!({ "error": error, "error_description": format!("{description}."), "scope": needed });
    let challenge =
        format!("Bearer error=\"{error}\", error_description=\"{description}\", scope=\"{needed}\"");
    challenged(answer::json(StatusCode::FORBIDDEN, &body), challenge)
}

/// There is no access token to decide by. That the tenant is not well is no reason to log in: it is said apart, with its
/// wait.
pub(super) fn failed(error: &AccessTokenError) -> Response<Bytes> {
    let status = if error.needs_login() { error.status() } else { error.status_of_the_tenant() };
    answer::wait(error.retry_after(), answer::json(status, &error.to_json()))
}

/// Says which factors the guard needs one of, so that a script offers no others.
fn with_factors(mut body: Value, guard: &Guard) -> Value {
    if !guard.need.factors.is_empty() {
        body["required_factors"] = guard.need.factors.iter().map(|factor| factor.as_str()).collect();
    }
    body
}

fn insufficient(
    client: &Client,
    guard: &Guard,
    base: &Url,
    lack: Lack,
    due: Option<&MfaRequired>,
) -> Response<Bytes> {
    let mut body = with_factors(due.map_or_else(|| json!({}), MfaRequired::to_json), guard);
    body["error"] = INSUFFICIENT.into();
    body["error_description"] = format!("{}.", lack.description()).into();
    body["acr_values"] = ACR_MULTI_FACTOR.into();
    if let Some(within) = guard.need.within {
        body["max_age"] = within.as_secs().into();
    }
    for (name, value) in guard.token_parameters(client) {
        body[name] = value.into();
    }
    body["step_up_url"] = guard.step_up_address(client, base).into();
    challenged(answer::json(StatusCode::UNAUTHORIZED, &body), challenge(guard, lack))
}

fn challenged(mut response: Response<Bytes>, challenge: String) -> Response<Bytes> {
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn challenge(guard: &Guard, lack: Lack) -> String {
    let mut challenge = format!(
        "Bearer error=\"{INSUFFICIENT}\", error_description=\"{}\", acr_values=\"{ACR_MULTI_FACTOR}\"",
        lack.description()
    );
    if let Some(within) = guard.need.within {
        challenge.push_str(&format!(", max_age=\"{}\"", within.as_secs()));
    }
    challenge
}
