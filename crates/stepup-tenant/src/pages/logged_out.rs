//! The end of a logout that leads nowhere else.

use askama::Template;

use super::html;

/// What the page shows.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "logged_out.html")]
pub struct View<'a> {
    /// The tenant's friendly name.
    pub tenant: &'a str,
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(view)
}
