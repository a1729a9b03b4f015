//! `/oidc/logout` without a hint: really log out?

use askama::Template;

use super::html;

/// What the page shows.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "logout.html")]
pub struct View<'a> {
    /// The tenant's friendly name.
    pub tenant: &'a str,
    /// The application that asked, if it is known.
    pub application: Option<&'a str>,
    /// Who is logged in.
    pub account: Option<&'a str>,
    /// Where the form posts to.
    pub action: &'a str,
    /// What the form carries along: the parameters of the logout request.
    pub hidden: &'a [(&'a str, &'a str)],
}

/// The page as HTML. The button is `name="action" value="default"`.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(view)
}
