//! `/u/mfa-recovery-code-challenge`: the recovery code instead of a factor.

use askama::Template;

use super::problem::{Alert, CodeProblem};
use super::{Frame, html};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// Whether `/u/mfa-login-options` has something else to offer.
    pub has_other_ways: bool,
    /// Why the last code was not taken.
    pub problem: Option<CodeProblem>,
}

#[derive(Template)]
#[template(path = "mfa_recovery_code_challenge.html")]
struct Page<'a> {
    frame: Frame<'a>,
    has_other_ways: bool,
    problem: Option<Alert>,
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page {
        frame: view.frame,
        has_other_ways: view.has_other_ways,
        problem: view.problem.map(CodeProblem::of_recovery_code),
    })
}
