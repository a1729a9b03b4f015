//! `/u/email-verification`: behind the mailed link, is this address yours?
//!
//! A button does it, not the opening of the link: programs that look through mail open links too.

use askama::Template;

use super::html;

/// What the page shows. Holds the ticket, so it prints none of it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The tenant's friendly name.
    pub tenant: &'a str,
    /// The address.
    pub email: &'a str,
    /// The ticket of the link.
    pub ticket: &'a str,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("View").field("email", &self.email).finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "email_verification.html")]
struct Page<'a> {
    view: View<'a>,
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page { view: *view })
}
