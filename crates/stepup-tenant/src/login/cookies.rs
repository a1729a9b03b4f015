//! The tenant's cookies: the session, and the mark of the browser that a login belongs to.
//!
//! Silent authentication runs in frames of other sites, so the session's cookie is `SameSite=None`, which browsers take
//! over TLS only; a twin without the attribute serves those that do not know it, and plain HTTP on loopback.

use std::time::Duration;

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};

use crate::{
    actions::CookieMode,
    model::{Digest, TenantSession},
    state::{Issuer, Shared},
    store::{BROWSER_LIFETIME, StoreError},
};

const SESSION: &str = "auth0";
const SESSION_TWIN: &str = "auth0_compat";
const BROWSER: &str = "did";
const REMEMBERED: &str = "auth0-mf";
const REMEMBERED_TWIN: &str = "auth0-mf_compat";
/// The shortest secret of ours, in characters.
const SHORTEST: usize = 32;
const BROWSER_TWIN: &str = "did_compat";
/// How long a browser keeps its mark.
const MARKED: Duration = Duration::from_secs(365 * 86_400);

/// The unexpired session that the request's cookies open.
///
/// # Errors
/// The store failed.
pub(crate) async fn session(
    shared: &Shared,
    headers: &HeaderMap,
) -> Result<Option<TenantSession>, StoreError> {
    for name in [SESSION, SESSION_TWIN] {
        if let Some(secret) = value(headers, name) {
            let session = shared.store.session_by_cookie(&Digest::of(&secret)).await?;
            if let Some(session) = session.filter(|session| !session.expired(shared.clock.now())) {
                return Ok(Some(session));
            }
        }
    }
    Ok(None)
}

/// The cookies of a session that `secret` opens: kept until it ends, or gone with the browser.
pub(crate) fn keep(shared: &Shared, session: &TenantSession, secret: &str) -> Vec<HeaderValue> {
    let left = session.expires_at.seconds().saturating_sub(shared.clock.now().seconds());
    let lifetime = match session.cookie_mode {
        CookieMode::Persistent => Some(Duration::from_secs(u64::try_from(left).unwrap_or_default())),
        CookieMode::NonPersistent => None,
    };
    with_twin(&shared.issuer, [SESSION, SESSION_TWIN], secret, lifetime)
}

/// The cookies of a session that a request's cookies open already, as the session now wants them.
///
/// # Errors
/// The store failed.
pub(crate) async fn keep_again(
    shared: &Shared,
    headers: &HeaderMap,
    session: &TenantSession,
) -> Result<Vec<HeaderValue>, StoreError> {
    for secret in [SESSION, SESSION_TWIN].into_iter().filter_map(|name| value(headers, name)) {
        let opened = shared.store.session_by_cookie(&Digest::of(&secret)).await?;
        if opened.is_some_and(|opened| opened.id == session.id) {
            return Ok(keep(shared, session, &secret));
        }
    }
    Ok(Vec::new())
}

/// The cookies of a browser that is remembered.
pub(super) fn remember(shared: &Shared, secret: &str) -> Vec<HeaderValue> {
    with_twin(&shared.issuer, [REMEMBERED, REMEMBERED_TWIN], secret, Some(BROWSER_LIFETIME))
}

/// The secrets of a browser that may be remembered.
pub(super) fn remembered(headers: &HeaderMap) -> impl Iterator<Item = String> + '_ {
    [REMEMBERED, REMEMBERED_TWIN]
        .into_iter()
        .filter_map(|name| value(headers, name))
        .filter(|secret| secret.len() >= SHORTEST)
}

/// A cookie that frames of other sites send too, and its twin; without a lifetime they go with the browser.
fn with_twin(
    issuer: &Issuer,
    [name, twin_name]: [&'static str; 2],
    secret: &str,
    lifetime: Option<Duration>,
) -> Vec<HeaderValue> {
    let mut twin = base(issuer, twin_name, secret);
    if let Some(lifetime) = lifetime {
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        twin = twin.max_age(cookie::time::Duration::seconds(seconds));
    }
    let mut cookies = vec![header_value(twin.clone())];
    if issuer.secure() {
        let mut first = twin.build();
        first.set_name(name);
        first.set_same_site(SameSite::None);
        cookies.insert(0, header_value(first));
    }
    cookies
}

/// What removes the session's cookies.
pub(crate) fn forget(issuer: &Issuer) -> [HeaderValue; 2] {
    [SESSION, SESSION_TWIN]
        .map(|name| header_value(base(issuer, name, "").max_age(cookie::time::Duration::ZERO)))
}

/// The mark of the browser, if it has one.
pub(crate) fn browser(headers: &HeaderMap) -> Option<String> {
    [BROWSER, BROWSER_TWIN]
        .into_iter()
        .find_map(|name| value(headers, name).filter(|mark| mark.len() >= SHORTEST))
}

/// The cookies that mark a browser. The mark comes along with a form of another site too: a page that an Action sent the
/// browser to may return it so. Forms of this site's own pages are told from those by their origin.
pub(crate) fn mark(issuer: &Issuer, secret: &str) -> Vec<HeaderValue> {
    with_twin(issuer, [BROWSER, BROWSER_TWIN], secret, Some(MARKED))
}

fn base<'a>(issuer: &Issuer, name: &'a str, value: &'a str) -> cookie::CookieBuilder<'a> {
    Cookie::build((name, value)).path("/").http_only(true).secure(issuer.secure())
}

fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

fn header_value<'a>(cookie: impl Into<Cookie<'a>>) -> HeaderValue {
    // Names are ours and values are base64url: always a header's text.
    HeaderValue::from_str(&cookie.into().to_string()).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_header_breaks_the_reader(
            lines in proptest::collection::vec(proptest::collection::vec(32_u8.., 0..80), 0..4),
            pairs in "((auth0|did|auth0_compat)[=;, %\"]{0,3}[a-zA-Z0-9%\"=;]{0,12}; ?){0,6}",
        ) {
            let lines = lines.into_iter().chain([pairs.into_bytes()]);
            let values = lines.filter_map(|line| HeaderValue::from_bytes(&line).ok());
            let headers = HeaderMap::from_iter(values.map(|value| (header::COOKIE, value)));
            for name in [SESSION, SESSION_TWIN, BROWSER, "x"] {
                let _ = value(&headers, name);
            }
            let _ = browser(&headers);
        }
    }
}
