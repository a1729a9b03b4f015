//! `/u/signup`: a new account.

use askama::Template;

use super::problem::{Alert, password_alert};
use super::{Frame, html};
use crate::passwords::policy::{PasswordPolicy, Refusal, Rule};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// What goes into the first field: the `login_hint`, or what was typed before. Never a password.
    pub email: &'a str,
    /// What a password must be.
    pub policy: &'a PasswordPolicy,
    /// Why nobody was signed up.
    pub problem: Option<Problem>,
}

/// Why nobody was signed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The address cannot be used: it may have an account already, which is not told to whoever asks.
    CannotSignUp,
    /// Not an address.
    MalformedEmail,
    /// The address field was empty.
    NoEmail,
    /// The password field was empty.
    NoPassword,
    /// The policy does not allow the password.
    Password(Refusal),
}

impl Problem {
    const fn alert(self) -> Alert {
        let (code, text) = match self {
            Self::CannotSignUp => (
                "invalid-signup",
                "We cannot sign you up with this address. If you have an account already, log in instead.",
            ),
            Self::MalformedEmail => {
                ("invalid-email-format", "That is not an email address. It looks like name@example.com.")
            }
            Self::NoEmail => ("no-email", "Enter your email address."),
            Self::NoPassword => ("no-password", "Choose a password."),
            Self::Password(refusal) => return password_alert(refusal),
        };
        Alert { code, text }
    }

    const fn is_about_email(self) -> bool {
        matches!(self, Self::CannotSignUp | Self::MalformedEmail | Self::NoEmail)
    }
}

#[derive(Template)]
#[template(path = "signup.html")]
struct Page<'a> {
    view: View<'a>,
    frame: Frame<'a>,
    problem: Option<Alert>,
    email_is_wrong: bool,
    password_is_wrong: bool,
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page {
        view: *view,
        frame: view.frame,
        problem: view.problem.map(Problem::alert),
        email_is_wrong: view.problem.is_some_and(Problem::is_about_email),
        password_is_wrong: view.problem.is_some_and(|problem| !problem.is_about_email()),
    })
}
