//! The end of something that leads nowhere else: a password was changed, an address confirmed, a factor added.

use askama::Template;

use super::html;

/// What the page shows.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "notice.html")]
pub struct View<'a> {
    /// The tenant's friendly name.
    pub tenant: &'a str,
    /// What was done.
    pub done: Done,
    /// A way on, as an address and the text of its link.
    pub way_on: Option<(&'a str, &'a str)>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A factor was enrolled with a ticket.
    Enrolled,
    /// The address was confirmed.
    EmailVerified,
    /// There is a new password.
    PasswordChanged,
}

impl Done {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Enrolled => (
                "Your second step is set up",
                "From now on you can use it to log in. You can close this window.",
            ),
            Self::EmailVerified => ("Your email is confirmed", "Thank you. You can close this window."),
            Self::PasswordChanged => (
                "Your password is changed",
                "You are logged out everywhere. Go back to the application and log in with the new one.",
            ),
        }
    }
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(view)
}
