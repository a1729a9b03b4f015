//! `/userinfo`: the profile of the user a token was issued for (OIDC Core section 5.3).

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use stepup_protocol::{claims::AccessTokenClaims, error::description, scope::Scopes};
use stepup_seal::jws::Algorithm;

use super::{
    access, claims,
    error::{ClientFault, Failure},
    issue, never_stored,
};
use crate::{pipeline::header_text, state::Shared, state::State as Tenant};

/// Answers `GET` and `POST`; the token comes in the `Authorization` header (RFC 6750 section 2.1).
pub(crate) async fn handle(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, Failure> {
    let Some(token) = bearer(&headers) else { return Ok(challenge(None)) };
    let Some(Granted { user_id, scope }) = granted(&shared, token) else {
        return Ok(challenge(Some("The access token is expired, revoked, or not for this endpoint.")));
    };
    if !scope.contains("openid") {
        return Err(ClientFault::InsufficientScope("openid").into());
    }
    let Some(user) = shared.store.user(&user_id).await?.filter(|user| !user.blocked) else {
        return Ok(challenge(Some("The user is gone or blocked.")));
    };
    let mut profile = claims::profile(&user, &scope);
    profile.insert("sub".to_owned(), json!(user.user_id));
    let mut response = Value::Object(profile).to_string().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    never_stored(headers);
    Ok(response)
}

/// What a token lets its bearer see.
struct Granted {
    user_id: String,
    scope: Scopes,
}

/// Reads both kinds of token: a JWT for an API that may also open `/userinfo`, and an opaque one that opens nothing else.
fn granted(state: &Tenant, token: &str) -> Option<Granted> {
    let Ok(verified) = state.keys.published().set.verify(token, &[Algorithm::Rs256]) else {
        let grant = issue::read_userinfo_token(state, token)?;
        return Some(Granted { user_id: grant.user_id, scope: grant.scope });
    };
    let claims: AccessTokenClaims = verified.claims().ok()?;
    let good = claims.iss == state.issuer.as_str()
        && claims.exp > state.clock.now()
        && claims.aud.contains(&access::userinfo(&state.issuer));
    let scope = claims.scope.as_deref().map(Scopes::from).unwrap_or_default();
    good.then_some(Granted { user_id: claims.sub, scope })
}

/// The token of an `Authorization: Bearer` header; the scheme is matched without regard to case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = header_text(headers, header::AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// 401 in plain text with what went wrong in `WWW-Authenticate`; a bare challenge where no token came (RFC 6750 section 3.1).
fn challenge(problem: Option<&'static str>) -> Response {
    let told = match problem {
        None => r#"Bearer realm="Users""#.to_owned(),
        Some(problem) => {
            format!(r#"Bearer realm="Users", error="invalid_token", error_description="{problem}""#)
        }
    };
    let mut response = (StatusCode::UNAUTHORIZED, description::UNAUTHORIZED).into_response();
    if let Ok(told) = HeaderValue::from_str(&told) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, told);
    }
    never_stored(response.headers_mut());
    response
}
