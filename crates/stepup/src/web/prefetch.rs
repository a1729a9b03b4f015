//! Browsers and frameworks that look ahead: nothing may begin before anybody has asked for it.

use http::HeaderMap;

/// Whether a page is fetched in case somebody will ask for it.
pub(crate) fn is_prefetch(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let purposes = text("sec-purpose");
    !matches!(text("next-router-prefetch"), "" | "0" | "false")
        || text("purpose") == "prefetch"
        || (purposes.contains("prefetch") && !purposes.contains("prerender"))
        || text("x-middleware-prefetch") == "1"
}
