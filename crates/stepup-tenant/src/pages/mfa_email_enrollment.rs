//! `/u/mfa-email-enrollment`: which address codes go to.

use askama::Template;

use super::problem::{Alert, EmailProblem};
use super::{Frame, html};

/// What the page shows. The address goes into `email`.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// What was typed before, or the address of the profile.
    pub email: &'a str,
    /// Whether other factors may be enrolled instead.
    pub has_other_ways: bool,
    /// Why the last address was not taken.
    pub problem: Option<EmailProblem>,
}

#[derive(Template)]
#[template(path = "mfa_email_enrollment.html")]
struct Page<'a> {
    view: View<'a>,
    frame: Frame<'a>,
    problem: Option<Alert>,
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page { view: *view, frame: view.frame, problem: view.problem.map(EmailProblem::alert) })
}
