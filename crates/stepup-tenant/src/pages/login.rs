//! `/u/login`: e-mail address and password.

use askama::Template;

use super::problem::Alert;
use super::{Frame, html};

/// What the page shows.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "login.html")]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// What goes into the first field: the `login_hint`, or what was typed before. Never a password.
    pub username: &'a str,
    /// Whether the page leads to `/u/signup`.
    pub may_sign_up: bool,
    /// Why the last attempt failed.
    pub problem: Option<Problem>,
}

/// Why nobody was logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The account is blocked by an administrator.
    Blocked,
    /// The password field was empty.
    NoPassword,
    /// The first field was empty.
    NoUsername,
    /// Brute-force protection has closed the door for a while.
    TooManyAttempts,
    /// Unknown user or wrong password: on purpose the same.
    WrongEmailOrPassword,
}

impl Problem {
    const fn alert(self) -> Alert {
        let (code, text) = match self {
            Self::Blocked => {
                ("user-blocked", "This account is blocked. Ask whoever runs this service to open it again.")
            }
            Self::NoPassword => ("no-password", "Enter your password."),
            Self::NoUsername => ("no-email", "Enter your email address."),
            Self::TooManyAttempts => (
                "too-many-attempts",
                "Your account has been blocked after multiple consecutive login attempts. Wait for some minutes, then try again.",
            ),
            Self::WrongEmailOrPassword => ("wrong-email-credentials", "Wrong email or password."),
        };
        Alert { code, text }
    }

    const fn is_about_username(self) -> bool {
        matches!(self, Self::NoUsername | Self::WrongEmailOrPassword)
    }

    const fn is_about_password(self) -> bool {
        matches!(self, Self::NoPassword | Self::WrongEmailOrPassword)
    }
}

impl View<'_> {
    fn username_is_wrong(&self) -> bool {
        self.problem.is_some_and(Problem::is_about_username)
    }

    fn password_is_wrong(&self) -> bool {
        self.problem.is_some_and(Problem::is_about_password)
    }

    /// The field that still needs typing gets the focus.
    fn starts_at_password(&self) -> bool {
        !self.username.is_empty() && self.problem != Some(Problem::NoUsername)
    }
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(view)
}
