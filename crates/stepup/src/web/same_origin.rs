//! Only pages of the application itself may change something: no other site can post in a visitor's name.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use stepup_protocol::error::code;
use url::Url;

use super::{answer, base_url};
use crate::{client::Client, telemetry};

/// Why a form is refused that [no page of ours](is_own_page) sent, for the audit log.
pub(crate) const OTHER_PAGE: &str = "other_page";

/// Why a request is refused.
#[derive(Clone, Copy)]
enum Problem {
    OtherOrigin,
    OtherSite,
    NotJson,
}

impl Problem {
    /// For the audit log.
    const fn code(self) -> &'static str {
        match self {
            Self::OtherOrigin => "other_origin",
            Self::OtherSite => "other_site",
            Self::NotJson => "not_json",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::OtherOrigin => "The request comes from another origin.",
            Self::OtherSite => "The request comes from another site.",
            Self::NotJson => "The content type must be application/json.",
        }
    }
}

/// What changes something needs JSON (which a foreign form cannot send), the application's own `Origin` if there is
/// one, and no `Sec-Fetch-Site` of another site.
pub(super) fn refusal(client: &Client, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let problem = problem(client, request)?;
    telemetry::cross_origin_refused(problem.code());
    Some(answer::error(StatusCode::FORBIDDEN, code::INVALID_REQUEST, problem.description()))
}

fn problem(client: &Client, request: &Request<Bytes>) -> Option<Problem> {
    let headers = request.headers();
    if let Some(origin) = text(headers, "origin")
        && !base_url::of(client, headers).is_ok_and(|base| base.origin().ascii_serialization() == origin)
    {
        return Some(Problem::OtherOrigin);
    }
    if text(headers, "sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Some(Problem::OtherSite);
    }
    let has_body = request.method() != http::Method::DELETE || !request.body().is_empty();
    if has_body && !text(headers, header::CONTENT_TYPE.as_str()).is_some_and(is_json) {
        return Some(Problem::NotJson);
    }
    None
}

impl Client {
    /// Whether a page of the application itself sent the request, as its browser says: by `Sec-Fetch-Site`, and by `Origin`,
    /// which must be that of the base URL. A request with neither is nobody's.
    ///
    /// For handlers of forms that need no session, such as one that
    /// [begins one by a verify](crate::mfa::Mfa::verify): another site could else send it in its visitors' browsers and log them
    /// in as somebody else. The SDK's own routes and pages ask by themselves; a form that needs a session does not come from
    /// another site where the session's cookie is `SameSite=Lax`, as it is unless set, or `Strict`. With `None`, or where other
    /// hosts of the same site are not trusted, ask there too.
    ///
    /// ```
    /// # fn refuses(client: &stepup::Client, headers: &http::HeaderMap) -> Option<http::StatusCode> {
    /// if !client.is_own_page(headers) {
    ///     return Some(http::StatusCode::FORBIDDEN);
    /// }
    /// # None
    /// # }
    /// ```
    #[must_use]
    pub fn is_own_page(&self, headers: &HeaderMap) -> bool {
        base_url::of(self, headers).is_ok_and(|base| is_own_page(base, headers))
    }
}

/// Whether the browser says that a page of ours sent the request. Without a word of it, nobody of ours did: every
/// browser says at least one of the two with a form.
pub(crate) fn is_own_page(base: &Url, headers: &HeaderMap) -> bool {
    // A page that hides where requests come from makes browsers write `null`.
    let origin = text(headers, "origin").filter(|origin| *origin != "null");
    let ours = origin.map(|origin| base.origin().ascii_serialization() == origin);
    match text(headers, "sec-fetch-site") {
        Some(site) => site == "same-origin" && ours != Some(false),
        None => ours == Some(true),
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap_or(""))
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or("").trim();
    essence.eq_ignore_ascii_case("application/json")
}
