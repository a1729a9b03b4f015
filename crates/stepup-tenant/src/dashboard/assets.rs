//! The dashboard's stylesheet and script.

use std::sync::LazyLock;

use axum::{
    body::Body,
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;

use crate::pages::assets::{Asset, compact};

const PREFIX: &str = "/dashboard/assets/";

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        &format!("{PREFIX}dashboard"),
        "css",
        "text/css; charset=utf-8",
        compact(include_str!("../../templates/assets/dashboard.css")),
    )
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        &format!("{PREFIX}dashboard"),
        "js",
        "text/javascript; charset=utf-8",
        include_str!("../../templates/assets/dashboard.js"),
    )
});

pub(super) fn stylesheet() -> &'static str {
    STYLESHEET.path()
}

pub(super) fn script() -> &'static str {
    SCRIPT.path()
}

/// A file under the name that has its hash in it.
pub(super) async fn serve(Path(file): Path<String>) -> Response {
    let path = format!("{PREFIX}{file}");
    match [&STYLESHEET, &SCRIPT].into_iter().find(|asset| asset.path() == path) {
        Some(asset) => asset.response().map(Body::from),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_is_small() {
        let size = STYLESHEET.response().body().len();
        assert!(size < 8 * 1024, "{size} bytes");
    }
}
