//! From our pages on to another site: where an Action sends the user, back to the application, and out of it.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, StatusCode, header};

use super::visit::Visit;
use crate::{
    config::ApplicationType,
    pages::{self, onward},
    pipeline::header_text,
    state::State,
};

/// What browsers say about where a request comes from (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// `redirect`; where it leads a browser from a page of ours to another site, a page that does so in its place.
///
/// Chromium holds the `form-action` of a page against every redirect that follows on its form, those of the other site
/// too, and nobody here knows where they lead. What a page leads to is no part of the form any more.
pub(crate) fn by_page(state: &State, headers: &HeaderMap, redirect: Response) -> Response {
    let location = header_text(redirect.headers(), header::LOCATION).unwrap_or_default();
    let is_site = location.starts_with("http://") || location.starts_with("https://");
    let is_elsewhere = is_site && !location.starts_with(state.issuer.as_str());
    if redirect.status() != StatusCode::FOUND || !is_elsewhere || !from_our_page(headers) {
        return redirect;
    }
    let tenant = &state.config.friendly_name;
    let html = onward::render(&onward::View { tenant, address: location });
    // `Location` stays, for programs and for the log; browsers do not heed it here.
    let mut page = (pages::headers::page([]), html).into_response();
    page.headers_mut().extend(redirect.into_parts().0.headers);
    page
}

/// The same for the answer to the client. One that runs on a device is left its redirect: a system browser hands an address
/// over to an application only where it follows one. So is whoever does not say to be a browser: programs that walk the
/// pages expect it, and to the callback itself `form-action` lets every form.
pub(super) fn to_client(visit: &Visit, answer: Response) -> Response {
    let client = visit.shared.config.client(&visit.login.client_id);
    let on_a_device = client.is_some_and(|client| client.application_type == ApplicationType::Native);
    if on_a_device || !visit.headers.contains_key(SEC_FETCH_SITE) {
        return answer;
    }
    by_page(&visit.shared, &visit.headers, answer)
}

/// Whether a page of ours, and so perhaps a form, led a browser here. Browsers say so over TLS and on loopback; else
/// whoever asks for HTML is taken for one.
fn from_our_page(headers: &HeaderMap) -> bool {
    match header_text(headers, SEC_FETCH_SITE) {
        Some(site) => site == "same-origin",
        None => header_text(headers, header::ACCEPT).is_some_and(|accept| accept.contains("text/html")),
    }
}
