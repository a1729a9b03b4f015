//! The two ways to log out: `/v2/logout`, Auth0's own, and `/oidc/logout` (OpenID Connect RP-Initiated Logout 1.0).
//!
//! Both end the browser's session and forget its cookies; refresh tokens live on. Where the browser goes next must be
//! registered, else a page says so and nothing is redirected.

pub(crate) mod backchannel;

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::ExposeSecret as _;
use stepup_protocol::claims::{Audience, IdTokenClaims};
use stepup_seal::jws::{Algorithm, VerificationKey};

use super::{audit::Audit, error::Failure, params::Params};
use crate::{
    config::{self, AllowedUrls, Client, LogoutInitiator},
    login::{cookies, onward},
    model::TenantSession,
    pages,
    pipeline::{Caller, header_text},
    state::Shared,
};

/// `GET /v2/logout?client_id&returnTo&federated`.
pub(crate) async fn v2(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let params = Params::from_form(query.as_deref().unwrap_or_default())?;
    let client = params.text("client_id").and_then(|id| shared.config.client(id));
    let allowed = client.map_or(&shared.config.allowed_logout_urls, |client| &client.allowed_logout_urls);
    let destination = match params.text("returnTo") {
        Some(url) if allowed.allows_without_query(url) => Some(url.to_owned()),
        Some(url) => return Ok(not_allowed(&shared, "returnTo", url)),
        None => allowed.first().map(str::to_owned),
    };
    let session = cookies::session(&shared, &headers).await?;
    end(&shared, &caller, client, session.as_ref()).await?;
    Ok(leave(&shared, destination.as_deref(), None, || "OK".into_response()))
}

/// `GET /oidc/logout`.
pub(crate) async fn oidc_by_query(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    oidc(&shared, &caller, &headers, &Params::from_form(query.as_deref().unwrap_or_default())?).await
}

/// `POST /oidc/logout`, by an application's form or by our own page's button.
pub(crate) async fn oidc_by_form(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let params = Params::from_body(header_text(&headers, header::CONTENT_TYPE), &body)?;
    oidc(&shared, &caller, &headers, &params).await
}

async fn oidc(
    shared: &Shared,
    caller: &Caller,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response, Failure> {
    let hint = match params.text("id_token_hint").map(|hint| read_hint(shared, hint)) {
        Some(None) => {
            return Ok(refused(
                shared,
                "The id_token_hint is not an ID token of this tenant.",
                "id_token_hint",
            ));
        }
        hint => hint.flatten(),
    };
    let client_id = params.text("client_id").or_else(|| hint.as_ref().map(|hint| hint.client_id.as_str()));
    let client = client_id.and_then(|id| shared.config.client(id));
    if let (Some(hint), Some(client)) = (&hint, client)
        && hint.client_id != client.client_id
    {
        return Ok(refused(shared, "The id_token_hint was issued to another client.", "client_id"));
    }
    let logout_hint = params.text("logout_hint");
    if let (Some(Some(sid)), Some(logout_hint)) = (hint.as_ref().map(|hint| &hint.sid), logout_hint)
        && sid != logout_hint
    {
        return Ok(refused(
            shared,
            "The logout_hint and the id_token_hint name different sessions.",
            "logout_hint",
        ));
    }
    let allowed = client.map_or(&shared.config.allowed_logout_urls, |client| &client.allowed_logout_urls);
    let destination = params.text("post_logout_redirect_uri");
    if let Some(url) = destination.filter(|url| !allowed.allows(url)) {
        return Ok(not_allowed(shared, "post_logout_redirect_uri", url));
    }
    let session = cookies::session(shared, headers).await?;
    let confirmed = confirmed(headers, params, shared);
    let named = logout_hint.or_else(|| hint.as_ref().and_then(|hint| hint.sid.as_deref()));
    if let Some(session) = &session
        && named != Some(session.id.as_str())
        && !confirmed
    {
        return Ok(ask(shared, client, session, params, allowed).await);
    }
    end(shared, caller, client, session.as_ref()).await?;
    let left = leave(shared, destination, params.text("state"), || logged_out(shared));
    Ok(if confirmed { onward::by_page(shared, headers, left) } else { left })
}

/// Whether our own page asked and the user said yes: another site can post the form, but not with our `Origin`.
fn confirmed(headers: &HeaderMap, params: &Params, shared: &Shared) -> bool {
    let ours = shared.issuer.url().origin().ascii_serialization();
    params.text("action") == Some("default") && header_text(headers, header::ORIGIN) == Some(ours.as_str())
}

/// RP-Initiated Logout 1.0 section 2: without a hint that names the session, the user is asked.
async fn ask(
    shared: &Shared,
    client: Option<&Client>,
    session: &TenantSession,
    params: &Params,
    allowed: &AllowedUrls,
) -> Response {
    let user = shared.store.user(&session.user_id).await.ok().flatten();
    let hidden: Vec<_> =
        CARRIED.iter().filter_map(|&name| params.text(name).map(|value| (name, value))).collect();
    let destination = params.text("post_logout_redirect_uri").or_else(|| allowed.first());
    let page = pages::logout::render(&pages::logout::View {
        tenant: &shared.config.friendly_name,
        application: client.map(|client| client.name.as_str()),
        account: user.as_ref().and_then(|user| user.email.as_deref()),
        action: "/oidc/logout",
        hidden: &hidden,
    });
    (pages::headers::page(destination), page).into_response()
}

const CARRIED: [&str; 5] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];

async fn end(
    shared: &Shared,
    caller: &Caller,
    client: Option<&Client>,
    session: Option<&TenantSession>,
) -> Result<(), Failure> {
    let Some(session) = session else { return Ok(()) };
    backchannel::end(shared, session, LogoutInitiator::RpLogout).await?;
    let mut audit = Audit::new(shared, caller);
    if let Some(client) = client {
        audit = audit.client(client);
    }
    if let Some(user) = shared.store.user(&session.user_id).await? {
        audit = audit.user(&user);
    }
    audit.write("slo").await;
    Ok(())
}

/// Sends the browser on, or tells that it is `done`; its session cookies go either way.
fn leave(
    shared: &Shared,
    destination: Option<&str>,
    state: Option<&str>,
    done: impl FnOnce() -> Response,
) -> Response {
    let location = destination.and_then(|url| with_state(url, state));
    let mut response = match location.and_then(|url| HeaderValue::from_str(&url).ok()) {
        Some(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        None => done(),
    };
    for cookie in cookies::forget(&shared.issuer) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn logged_out(shared: &Shared) -> Response {
    let view = pages::logged_out::View { tenant: &shared.config.friendly_name };
    (pages::headers::page([]), pages::logged_out::render(&view)).into_response()
}

fn with_state(url: &str, state: Option<&str>) -> Option<String> {
    let mut url = url::Url::parse(url).ok()?;
    if let Some(state) = state {
        url.query_pairs_mut().append_pair("state", state);
    }
    Some(url.into())
}

/// What an ID token says of the session to end. It may be expired: its signature counts (RP-Initiated Logout 1.0
/// section 2).
struct Hint {
    client_id: String,
    sid: Option<String>,
}

fn read_hint(shared: &Shared, token: &str) -> Option<Hint> {
    let claims: IdTokenClaims = match shared.keys.published().set.verify(token, &[Algorithm::Rs256]) {
        Ok(verified) => verified.claims().ok()?,
        Err(_) => shared.config.clients.iter().find_map(|client| signed_with_secret(client, token))?,
    };
    let client_id = claims.aud.iter().next()?.to_owned();
    (claims.iss == shared.issuer.as_str()).then_some(Hint { client_id, sid: claims.sid })
}

/// The claims of an ID token that was signed for `client` with its secret: good for that client alone.
fn signed_with_secret(client: &Client, token: &str) -> Option<IdTokenClaims> {
    let secret = client.client_secret.as_ref()?;
    if client.id_token_algorithm != config::Algorithm::Hs256 {
        return None;
    }
    let key = VerificationKey::hmac(secret.expose_secret().as_bytes(), Algorithm::Hs256).ok()?;
    let claims: IdTokenClaims = key.verify_token(token, &[Algorithm::Hs256]).ok()?.claims().ok()?;
    (claims.aud == Audience::One(client.client_id.clone())).then_some(claims)
}

fn not_allowed(shared: &Shared, parameter: &'static str, url: &str) -> Response {
    let details = [("error", "invalid_request"), (parameter, url)];
    page(
        shared,
        "The address to return to after the logout is not allowed.",
        "Add it to the application's Allowed Logout URLs (allowed_logout_urls), exactly as it is sent.",
        &details,
    )
}

fn refused(shared: &Shared, message: &str, parameter: &'static str) -> Response {
    let details = [("error", "invalid_request"), ("parameter", parameter)];
    page(shared, message, "Go back to the application and log out from there again.", &details)
}

fn page(shared: &Shared, message: &str, advice: &str, details: &[(&str, &str)]) -> Response {
    let view =
        pages::error::View { tenant: &shared.config.friendly_name, message, advice, details, way_out: None };
    (StatusCode::BAD_REQUEST, pages::headers::page([]), pages::error::render(&view)).into_response()
}
