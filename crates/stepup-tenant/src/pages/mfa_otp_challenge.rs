//! `/u/mfa-otp-challenge`: the code of the authenticator app.

use askama::Template;

use super::problem::{Alert, CodeProblem};
use super::{Frame, html};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// Whether the tick `rememberBrowser` is offered.
    pub may_remember_browser: bool,
    /// Whether `/u/mfa-login-options` has something else to offer.
    pub has_other_ways: bool,
    /// Why the last code was not taken.
    pub problem: Option<CodeProblem>,
}

#[derive(Template)]
#[template(path = "mfa_otp_challenge.html")]
struct Page<'a> {
    frame: Frame<'a>,
    may_remember_browser: bool,
    has_other_ways: bool,
    problem: Option<Alert>,
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page {
        frame: view.frame,
        may_remember_browser: view.may_remember_browser,
        has_other_ways: view.has_other_ways,
        problem: view.problem.map(CodeProblem::of_otp),
    })
}
