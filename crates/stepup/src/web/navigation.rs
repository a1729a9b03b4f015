//! Whether a browser navigates and can be shown a page, as opposed to a script that fetches or another program.

use http::{HeaderMap, header};

/// Headers that the answer depends on, for `Vary`.
pub(crate) const VARY: &str = "accept, accept-language, cookie, sec-fetch-mode";

/// Whether the answer may be a page.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // Browsers that do not say how they fetch are old, not scripts.
    let navigates = text("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    navigates && text(header::ACCEPT.as_str()).is_some_and(|accept| accept.contains("text/html"))
}
