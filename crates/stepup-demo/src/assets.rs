//! The bank's stylesheet, scripts and icon: compiled in, served under names with their version, kept for a year.

use axum::Router;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

const COLOURS: &str = include_str!("../templates/assets/colours.css");
const STYLESHEET: &str =
    concat!(include_str!("../templates/assets/colours.css"), include_str!("../templates/assets/bank.css"));
const SCRIPT: &str = include_str!("../templates/assets/bank.js");
const DEVELOPER_SCRIPT: &str = include_str!("../templates/assets/developer.js");
const ICON: &str = include_str!("../templates/assets/icon.svg");

/// Where the stylesheet is.
pub(crate) fn stylesheet() -> String {
    address("css", STYLESHEET)
}

/// Where the bank's colours alone are, for pages that have a stylesheet of their own.
pub(crate) fn colours() -> String {
    address("colours.css", COLOURS)
}

/// Where the script is.
pub(crate) fn script() -> String {
    address("js", SCRIPT)
}

/// Where the script of the page for developers is.
pub(crate) fn developer_script() -> String {
    address("developer.js", DEVELOPER_SCRIPT)
}

/// Where the icon is.
pub(crate) fn icon() -> String {
    address("svg", ICON)
}

/// The routes of all of them.
pub(crate) fn router() -> Router {
    let file = |address: String, content_type: &'static str, content: &'static str| {
        let headers = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
        Router::new().route(&address, get(move || async move { (headers, content) }))
    };
    file(stylesheet(), "text/css; charset=utf-8", STYLESHEET)
        .merge(file(colours(), "text/css; charset=utf-8", COLOURS))
        .merge(file(script(), "text/javascript; charset=utf-8", SCRIPT))
        .merge(file(developer_script(), "text/javascript; charset=utf-8", DEVELOPER_SCRIPT))
        .merge(file(icon(), "image/svg+xml", ICON))
}

/// The name changes with the content, so that no browser keeps an old one.
fn address(extension: &str, content: &str) -> String {
    format!("/assets/bank.{:08x}.{extension}", checksum(content))
}

/// FNV-1a: tells versions apart, and need not be more than that.
const fn checksum(content: &str) -> u32 {
    let bytes = content.as_bytes();
    let (mut hash, mut index) = (0x811c_9dc5_u32, 0);
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u32).wrapping_mul(0x0100_0193);
        index += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_is_small() {
        assert!(STYLESHEET.len() < 8 * 1024, "{} bytes", STYLESHEET.len());
    }

    #[test]
    fn the_name_changes_with_the_content() {
        assert_ne!(address("css", "a"), address("css", "b"));
        assert!(stylesheet().starts_with("/assets/bank.") && stylesheet().ends_with(".css"));
    }
}
