//! The way on to another site, where a redirect would not be followed.

use askama::Template;

use super::html;

/// What the page shows. The address may hold an authorization code, so it is not printed.
#[derive(Clone, Copy, Template)]
#[template(path = "onward.html")]
pub struct View<'a> {
    /// The tenant's friendly name.
    pub tenant: &'a str,
    /// Where it leads, at once.
    pub address: &'a str,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("View").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// The page as HTML. It leads on by itself, with scripts off too.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(view)
}
