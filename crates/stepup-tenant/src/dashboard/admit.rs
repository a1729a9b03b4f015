//! Who may use the dashboard: whoever sits at the machine of a loopback tenant; elsewhere its administrators, logged in
//! with a second factor.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use form_urlencoded::Serializer;
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use stepup_protocol::claims::ACR_MULTI_FACTOR;
use url::Url;

use crate::{
    config::{DASHBOARD_CLIENT, is_loopback},
    login::cookies,
    oauth::error::Failure,
    pages,
    pipeline::header_text,
    server::Peer,
    state::Shared,
    store::StoreError,
};

/// Somebody who may.
#[derive(Debug)]
pub(super) struct Admin {
    /// Who it is; nobody in particular on the machine of a loopback tenant.
    pub(super) email: Option<String>,
}

impl FromRequestParts<Shared> for Admin {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Refused> {
        if parts.method != Method::GET && !is_from_here(parts) {
            return Err(Refused::Foreign(shared.clone()));
        }
        if shared.issuer.loopback() {
            let at_the_machine = parts
                .extensions
                .get::<Peer>()
                .is_some_and(|Peer(address)| address.to_canonical().is_loopback());
            // Another name for this machine is a page of somebody else that was led here (DNS rebinding).
            let under_its_name = asked_host(parts).is_some_and(|url| is_loopback(&url));
            return if at_the_machine && under_its_name {
                Ok(Self { email: None })
            } else {
                Err(Refused::Elsewhere(shared.clone()))
            };
        }
        administrator(parts, shared).await
    }
}

/// The administrator whose session the request's cookies open.
async fn administrator(parts: &Parts, shared: &Shared) -> Result<Admin, Refused> {
    let admins = &shared.config.dashboard_admins;
    if admins.is_empty() {
        return Err(Refused::Elsewhere(shared.clone()));
    }
    let failed = |error: StoreError| Refused::Failed(error.into());
    let log_in = || Refused::LogIn(log_in(shared, parts));
    let session = cookies::session(shared, &parts.headers).await.map_err(failed)?.ok_or_else(log_in)?;
    let user = shared.store.user(&session.user_id).await.map_err(failed)?;
    let email = user.filter(|user| user.email_verified && !user.blocked).and_then(|user| user.email);
    match email {
        Some(email) if admins.iter().any(|admin| admin.eq_ignore_ascii_case(&email)) => {
            if session.has_mfa() {
                Ok(Admin { email: Some(email) })
            } else {
                Err(log_in())
            }
        }
        _ => Err(Refused::NotAdmin(shared.clone())),
    }
}

/// Whether a form came from one of our own pages. Browsers say so with every form; what is no browser says nothing, and has
/// no cookies of somebody else either.
fn is_from_here(parts: &Parts) -> bool {
    let Some(origin) = header_text(&parts.headers, header::ORIGIN) else {
        return !parts.headers.contains_key(header::ORIGIN);
    };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority == header_text(&parts.headers, header::HOST)
}

/// The host that was asked, as an address.
fn asked_host(parts: &Parts) -> Option<Url> {
    Url::parse(&format!("http://{}/", header_text(&parts.headers, header::HOST)?)).ok()
}

/// Where to log in, and come back.
fn log_in(shared: &Shared, parts: &Parts) -> HeaderValue {
    let back = shared.issuer.endpoint("dashboard/entered");
    let query = Serializer::new(String::new())
        .append_pair("client_id", DASHBOARD_CLIENT)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", &back)
        .append_pair("acr_values", ACR_MULTI_FACTOR)
        .append_pair("state", parts.uri.path())
        .finish();
    HeaderValue::from_str(&format!("/authorize?{query}")).unwrap_or(HeaderValue::from_static("/authorize"))
}

/// Why somebody may not.
#[derive(Debug)]
pub(super) enum Refused {
    /// Not at the machine, and no administrators are named.
    Elsewhere(Shared),
    /// The store failed.
    Failed(Failure),
    /// A form of another site.
    Foreign(Shared),
    /// Nobody is logged in, or without a second factor.
    LogIn(HeaderValue),
    /// Logged in, but no administrator.
    NotAdmin(Shared),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (shared, message, advice, way_out) = match self {
            Self::Failed(failure) => return failure.into_response(),
            Self::LogIn(location) => {
                return (StatusCode::FOUND, [(header::LOCATION, location)]).into_response();
            }
            Self::Elsewhere(shared) => (
                shared,
                "The dashboard is open on this tenant's own machine only.",
                "To open it elsewhere, name its administrators in the configuration: stepup.dashboard_admins, a list \
                 of verified e-mail addresses.",
                None,
            ),
            Self::Foreign(shared) => (
                shared,
                "The form was sent by another site.",
                "Nothing was changed. Open the dashboard and try again from there.",
                Some(("/dashboard", "Open the dashboard")),
            ),
            Self::NotAdmin(shared) => (
                shared,
                "You are not an administrator of this tenant.",
                "Log out and come back as one of those that the configuration names in stepup.dashboard_admins.",
                Some(("/v2/logout", "Log out")),
            ),
        };
        let view = pages::error::View {
            tenant: &shared.config.friendly_name,
            message,
            advice,
            details: &[],
            way_out,
        };
        (StatusCode::FORBIDDEN, pages::headers::page([]), pages::error::render(&view)).into_response()
    }
}
