//! The stylesheet, the script and the icon: compiled in, served under names with their hash, kept for a year.

use std::{borrow::Cow, sync::LazyLock};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response};

/// Where they live.
pub const PREFIX: &str = "/u/assets/";

const NAME: &str = "/u/assets/login";

/// Sends the form of a `form_post` answer.
pub(super) const FORM_POST: &str = include_str!("../../templates/assets/form_post.js");

/// Sends the message of a `web_message` answer.
pub(super) const WEB_MESSAGE: &str = include_str!("../../templates/assets/web_message.js");

/// A file and the name it is served under.
#[derive(Debug)]
pub(crate) struct Asset {
    path: String,
    content_type: &'static str,
    content: Cow<'static, str>,
}

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let source = include_str!("../../templates/assets/login.css");
    Asset::new(NAME, "css", "text/css; charset=utf-8", compact(source))
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(NAME, "js", "text/javascript; charset=utf-8", include_str!("../../templates/assets/login.js"))
});
static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(NAME, "svg", "image/svg+xml", include_str!("../../templates/assets/icon.svg"))
});

impl Asset {
    /// The file whose path begins with `name`, ends with `extension`, and has its hash in between.
    pub(crate) fn new(
        name: &str,
        extension: &str,
        content_type: &'static str,
        content: impl Into<Cow<'static, str>>,
    ) -> Self {
        let content = content.into();
        let hash: String = digest(&SHA256, content.as_bytes())
            .as_ref()
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self { path: format!("{name}.{hash}.{extension}"), content_type, content }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// It, to be kept for a year: its name changes with it.
    pub(crate) fn response(&self) -> Response<&str> {
        let mut response = Response::new(&*self.content);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// A stylesheet without the spaces that are for its readers: one without comments and without texts that hold them.
pub(crate) fn compact(stylesheet: &str) -> String {
    let mut compact: String = stylesheet.lines().map(str::trim).collect();
    for (loose, tight) in [
        (": ", ":"),
        ("; ", ";"),
        (", ", ","),
        (" { ", "{"),
        (" {", "{"),
        ("{ ", "{"),
        (" }", "}"),
        (";}", "}"),
    ] {
        compact = compact.replace(loose, tight);
    }
    compact
}

/// The address of the stylesheet, for `<link rel="stylesheet">`.
#[must_use]
pub fn stylesheet() -> &'static str {
    &STYLESHEET.path
}

/// The address of the script, for `<script defer src>`.
#[must_use]
pub fn script() -> &'static str {
    &SCRIPT.path
}

/// The address of the icon, for `<link rel="icon">`.
#[must_use]
pub fn icon() -> &'static str {
    &ICON.path
}

/// The file at `path` (the whole path of a GET request, for example `/u/assets/login.1a2b3c.css`), or `None`.
///
/// ```
/// use stepup_tenant::pages::assets;
///
/// let stylesheet = assets::serve(assets::stylesheet()).expect("it is there");
/// assert_eq!(stylesheet.headers()["content-type"], "text/css; charset=utf-8");
/// assert!(assets::serve("/u/assets/../login").is_none());
/// ```
#[must_use]
pub fn serve(path: &str) -> Option<Response<&'static str>> {
    [&STYLESHEET, &SCRIPT, &ICON].into_iter().find(|asset| asset.path == path).map(|asset| asset.response())
}

/// The source expression that lets exactly this inline script run (CSP Level 3 section 2.3.1).
pub(super) fn hash_source(script: &str) -> String {
    let hash = base64::engine::general_purpose::STANDARD.encode(digest(&SHA256, script.as_bytes()));
    format!("'sha256-{hash}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_is_small() {
        assert!(STYLESHEET.content.len() < 8 * 1024, "{} bytes", STYLESHEET.content.len());
    }

    #[test]
    fn a_compact_stylesheet_says_the_same() {
        let source = "a, .b > p {\n  color: red;\n  margin: 0 1px;\n}\n@media (max-width: 9px) {\n  a:hover { top: 0; }\n}\n";
        assert_eq!(compact(source), "a,.b > p{color:red;margin:0 1px}@media (max-width:9px){a:hover{top:0}}");
    }

    #[test]
    fn files_are_kept_for_a_year_under_a_name_that_changes_with_them() {
        for (path, content_type) in [
            (stylesheet(), "text/css; charset=utf-8"),
            (script(), "text/javascript; charset=utf-8"),
            (icon(), "image/svg+xml"),
        ] {
            let response = serve(path).unwrap();
            assert_eq!(response.headers()["content-type"], content_type);
            assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable");
        }
        assert!(serve("/u/assets/login.000000000000.css").is_none());
    }
}
