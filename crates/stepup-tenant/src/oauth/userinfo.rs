//! `/userinfo`: the profile of the user a token was issued for (OIDC Core section 5.3).

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use stepup_protocol::{
    claims::AccessTokenClaims,
    error::{code, description},
    scope::Scopes,
};
use stepup_seal::jws::Algorithm;

use super::{
    access, claims,
    dpop::{self, Scheme},
    error::{ClientFault, Failure},
    issue::{self, UserInfoGrant},
    never_stored,
};
use crate::{state::Shared, state::State as Tenant};

/// Answers `GET` and `POST`; the token comes in the `Authorization` header (RFC 6750 section 2.1).
pub(crate) async fn handle(
    State(shared): State<Shared>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Some((scheme, token)) = dpop::presented(&headers) else { return Ok(challenge(Scheme::Bearer, None)) };
    let refused = |problem| Ok(challenge(scheme, Some(("invalid_token", problem))));
    let Granted { user_id, scope, dpop_jkt } = match granted(&shared, token) {
        Ok(granted) => granted,
        Err(problem) => return refused(problem),
    };
    match (scheme, dpop_jkt) {
        (Scheme::Bearer, None) => {}
        // RFC 9449 section 7.2: the thief of a bound token must not use it as a plain one.
        (Scheme::Bearer, Some(_)) => return refused("The access token is bound to a key."),
        (Scheme::Dpop, None) => return refused("The access token is not bound to a key."),
        (Scheme::Dpop, Some(jkt)) => {
            match dpop::prove_with(&shared, &method, &headers, "userinfo", token).await {
                Ok(proved) if proved == jkt => {}
                Ok(_) => return refused("The DPoP proof is by another key."),
                Err(Failure::Proof(fault)) => {
                    return Ok(challenge(scheme, Some((code::INVALID_DPOP_PROOF, &fault.to_string()))));
                }
                Err(failure) => return Err(failure),
            }
        }
    }
    if !scope.contains("openid") {
        return Err(ClientFault::InsufficientScope("openid").into());
    }
    let Some(user) = shared.store.user(&user_id).await?.filter(|user| !user.blocked) else {
        return refused("The user is gone or blocked.");
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
    /// Thumbprint of the key that the token is bound to, if any.
    dpop_jkt: Option<String>,
}

/// Reads both kinds of token: a JWT for an API that may also open `/userinfo`, and an opaque one that opens nothing else.
fn granted(state: &Tenant, token: &str) -> Result<Granted, &'static str> {
    let (exp, granted) = match state.keys.published().set.verify(token, &[Algorithm::Rs256]) {
        Ok(verified) => {
            let claims: AccessTokenClaims = verified.claims().map_err(|_| NOT_FOR_US)?;
            if claims.iss != state.issuer.as_str() || !claims.aud.contains(&access::userinfo(&state.issuer)) {
                return Err(NOT_FOR_US);
            }
            let scope = claims.scope.as_deref().map(Scopes::from).unwrap_or_default();
            let dpop_jkt = claims.bound_to().map(str::to_owned);
            (claims.exp, Granted { user_id: claims.sub, scope, dpop_jkt })
        }
        Err(_) => {
            let grant = issue::read_userinfo_token(state, token).ok_or(NOT_FOR_US)?;
            let UserInfoGrant { user_id, scope, dpop_jkt, exp } = grant;
            (exp, Granted { user_id, scope, dpop_jkt })
        }
    };
    if state.clock.now() < exp { Ok(granted) } else { Err("The token has expired") }
}

const NOT_FOR_US: &str = "The access token is not valid, or not for this endpoint.";

/// 401 in plain text with what went wrong in `WWW-Authenticate`; a bare challenge where no token came (RFC 6750 section 3.1,
/// RFC 9449 section 7.1).
fn challenge(scheme: Scheme, problem: Option<(&str, &str)>) -> Response {
    let scheme = match scheme {
        Scheme::Bearer => r#"Bearer realm="Users""#,
        Scheme::Dpop => r#"DPoP realm="Users", algs="ES256""#,
    };
    let told = match problem {
        None => scheme.to_owned(),
        Some((error, problem)) => format!(r#"{scheme}, error="{error}", error_description="{problem}""#),
    };
    let mut response = (StatusCode::UNAUTHORIZED, description::UNAUTHORIZED).into_response();
    if let Ok(told) = HeaderValue::from_str(&told) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, told);
    }
    never_stored(response.headers_mut());
    response
}
