//! That more is to be kept in the browser than it may send: a page for whoever navigates, JSON for scripts.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::{answer, base_url, navigation};
use crate::{
    client::Client,
    pages::{Stop, Texts, WayOn},
    session::SessionTooLarge,
};

/// What is said to others than browsers.
pub(super) const DESCRIPTION: &str = "The session is too large to be kept.";

/// What is said to people: trying again would not help them.
pub(super) const WORDS: fn(&Texts) -> (&str, &str) =
    |texts| (&texts.too_large_heading, &texts.too_large_text);

impl Client {
    /// What to answer instead where [`Client::write_session`] fails: a page for a browser that navigates, JSON
    /// otherwise; the status is 500. `headers` are those of the request.
    /// [`Client::finish`] does it by itself.
    ///
    /// ```
    /// # fn finish(client: &stepup::Client, headers: &http::HeaderMap, state: &stepup::SessionState) {
    /// if let Err(error) = client.write_session(state) {
    ///     let mut response = client.session_too_large(headers);
    ///     for cookie in error.cookies() {
    ///         response.headers_mut().append(http::header::SET_COOKIE, cookie.clone());
    ///     }
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn session_too_large(&self, headers: &HeaderMap) -> Response<Bytes> {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        if !navigation::wants_page(headers) {
            return answer::private(answer::error(status, SessionTooLarge::CODE, DESCRIPTION));
        }
        let base = base_url::of(self, headers).unwrap_or_else(|_| base_url::first(self));
        let home = base_url::home(self, base);
        let way_on: WayOn<'_> = (&home, |texts| &texts.to_the_start);
        let mut response =
            self.stop(base, headers, None, &Stop { status, words: WORDS, needs: &[], way_on, other: None });
        response.headers_mut().insert(header::VARY, HeaderValue::from_static(navigation::VARY));
        response
    }
}
