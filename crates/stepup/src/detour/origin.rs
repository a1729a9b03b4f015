//! Where the user was before a form was sent on. A browser says that the form came from our page that sent it, which is no place
//! to go back to.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use url::Url;

use crate::{
    client::Client,
    config::CookieAttributes,
    web::{
        cookies::{self, RequestCookies},
        return_to,
    },
};

/// The cookie that goes along with the form.
const COOKIE: &str = "__mfa-from";
/// How long the page that sends it may lie open.
const LASTS: Duration = Duration::from_secs(120);
/// Longest place that is worth a cookie.
const LONGEST: usize = 256;

impl Client {
    /// The header that remembers where the user was, for whoever is sent the form.
    pub(crate) fn remember_origin(&self, return_to: &str) -> Option<HeaderValue> {
        let attributes = CookieAttributes {
            path: self.config().session_cookie.attributes.path.clone(),
            ..self.attributes_of(String::new())
        };
        let short = return_to.len() <= LONGEST;
        short.then(|| cookies::set(COOKIE, return_to, &attributes, Some((LASTS, self.now()))))?
    }

    /// The page that a form of `page` stands on: that one, or the one before the pages for the second factor, if it is known.
    pub(crate) fn origin_of(&self, base: &Url, headers: &HeaderMap, page: String) -> Option<String> {
        if !self.is_mfa_page(base, &page) {
            return Some(page);
        }
        let remembered = RequestCookies::of(headers).get(COOKIE)?;
        return_to::safe_path(&remembered, base).filter(|page| !self.is_mfa_page(base, page))
    }

    fn is_mfa_page(&self, base: &Url, path: &str) -> bool {
        let below = path.strip_prefix(&*self.pages_path(base, ""));
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }
}
