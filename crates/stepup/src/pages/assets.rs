//! The pages' style sheet, script and icon: compiled in, served under names with their version, kept for a year.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use stepup_seal::{base64url, digest};

use crate::web::answer;

const STYLE: &str = include_str!("../../templates/pages/pages.css");
const SCRIPT: &str = include_str!("../../templates/pages/pages.js");
const ICON: &str = include_str!("../../templates/pages/icon.svg");

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let all = [STYLE, SCRIPT, ICON].concat();
    base64url::encode(&digest::sha256(all.as_bytes())[..6])
});

/// The file at `path`; nothing where there is none.
pub(crate) fn answer(path: &str) -> Response<Bytes> {
    let file = path.rfind("/assets/").and_then(|start| Asset::at(&path[start..]));
    file.map_or_else(|| answer::empty(StatusCode::NOT_FOUND), |asset| asset.answer(path))
}

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asset {
    Icon,
    Script,
    Style,
}

impl Asset {
    const ALL: [Self; 3] = [Self::Icon, Self::Script, Self::Style];

    /// Its path under the pages' own.
    pub(super) fn page(self) -> String {
        format!("/assets/{}.{}", *VERSION, self.extension())
    }

    /// The file that a path under the pages' own names, whatever its version: while a new version is rolled out, old and
    /// new pages find one.
    pub(crate) fn at(page: &str) -> Option<Self> {
        let (_, extension) = page.strip_prefix("/assets/")?.split_once('.')?;
        Self::ALL.into_iter().find(|asset| asset.extension() == extension)
    }

    /// The file. Only under its own version's name is it kept.
    fn answer(self, path: &str) -> Response<Bytes> {
        let (content, content_type) = match self {
            Self::Icon => (ICON, "image/svg+xml"),
            Self::Script => (SCRIPT, "text/javascript;charset=UTF-8"),
            Self::Style => (STYLE, "text/css;charset=UTF-8"),
        };
        let current = path.ends_with(&self.page());
        let caching = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut response = Response::new(Bytes::from_static(content.as_bytes()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Icon => "svg",
            Self::Script => "js",
            Self::Style => "css",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_is_small() {
        assert!(STYLE.len() < 8 * 1024, "{} bytes", STYLE.len());
    }

    #[test]
    fn a_file_is_found_under_any_version_and_kept_under_its_own() {
        for asset in Asset::ALL {
            assert_eq!(Asset::at(&asset.page()), Some(asset));
            let caching = |path: &str| asset.answer(path).headers()[header::CACHE_CONTROL].clone();
            assert_eq!(caching(&asset.page()), "public, max-age=31536000, immutable");
            assert_eq!(caching(&format!("/assets/old.{}", asset.extension())), "no-cache");
        }
        assert_eq!(Asset::at("/assets/x.exe"), None);
    }
}
