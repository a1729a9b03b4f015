//! `/u/reset-password`: behind the mailed link, a new password.

use askama::Template;

use super::html;
use super::problem::{Alert, password_alert};
use crate::passwords::policy::{PasswordPolicy, Refusal, Rule};

/// What the page shows. Holds the ticket, so it prints none of it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The tenant's friendly name.
    pub tenant: &'a str,
    /// Whose password it is.
    pub account: &'a str,
    /// The ticket of the link.
    pub ticket: &'a str,
    /// What a password must be.
    pub policy: &'a PasswordPolicy,
    /// Why the last one was not taken.
    pub problem: Option<Problem>,
}

/// Why a password was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The field was empty.
    Missing,
    /// The policy does not allow it.
    Password(Refusal),
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("View").field("problem", &self.problem).finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "reset_password.html")]
struct Page<'a> {
    view: View<'a>,
    problem: Option<Alert>,
}

/// The page as HTML. The password goes into `password`.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    let problem = view.problem.map(|problem| match problem {
        Problem::Missing => Alert { code: "no-password", text: "Choose a password." },
        Problem::Password(refusal) => password_alert(refusal),
    });
    html(&Page { view: *view, problem })
}
