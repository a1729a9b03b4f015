//! `/u/reset-password/request`: a link to choose a new password.

use askama::Template;

use super::problem::{Alert, EmailProblem};
use super::{Frame, html};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// The `login_hint`, or what was typed before.
    pub email: &'a str,
    /// Whether the link was asked for: the page says the same whether or not there is such an account.
    pub sent: bool,
    /// Why it was not.
    pub problem: Option<EmailProblem>,
}

#[derive(Template)]
#[template(path = "reset_password_request.html")]
struct Page<'a> {
    view: View<'a>,
    frame: Frame<'a>,
    problem: Option<Alert>,
}

/// The page as HTML. The address goes into `email`.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page { view: *view, frame: view.frame, problem: view.problem.map(EmailProblem::alert) })
}
