//! Where the user was before a page asked for a second factor, or a form was sent on. A browser says that a form came from our
//! page that sent it, which is no place to go back to.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, header};
use url::Url;

use crate::{
    client::Client,
    web::{
        base_url,
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
/// The id of no detour.
const NONE: &str = "none";

impl Client {
    /// The header that remembers where the user was, for whoever is sent the form.
    pub(crate) fn remember_origin(&self, base: &Url, return_to: &str) -> Option<HeaderValue> {
        let attributes = self.attributes_everywhere(base);
        let short = return_to.len() <= LONGEST;
        short.then(|| cookies::set(COOKIE, return_to, &attributes, Some((LASTS, self.now()))))?
    }

    /// Where whoever gives up goes who asked for `asked`: to the page that they came from, else to the start page. `asked` itself
    /// would ask again for ever, whatever its query is; where that leaves none, a page says that nothing was done.
    pub(crate) fn way_out(&self, base: &Url, headers: &HeaderMap, asked: &str) -> String {
        let before = self.page_before(base, headers);
        let before = before.filter(|page| page.len() <= LONGEST && !self.is_route(base, page));
        let mut known = before.into_iter().chain([base_url::home(self, base)]);
        known
            .find(|page| path(page) != path(asked))
            .unwrap_or_else(|| self.detour_path(base, "/resume", NONE))
    }

    /// The page that the browser comes from, or the one before the pages for the second factor, if it is known.
    pub(crate) fn page_before(&self, base: &Url, headers: &HeaderMap) -> Option<String> {
        let referer = headers.get(header::REFERER)?.to_str().ok()?;
        let page = return_to::safe_path(referer, base)?;
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

    /// Whether it is one of our routes: a login that came to no session, say, whose page would lead back here.
    fn is_route(&self, base: &Url, page: &str) -> bool {
        let below = path(page).strip_prefix(base.path().trim_end_matches('/'));
        below.is_some_and(|path| self.route(&Method::GET, path).is_some())
    }
}

/// Without query and fragment; a slash at the end is none.
fn path(page: &str) -> &str {
    page.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/')
}
