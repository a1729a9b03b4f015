//! `/u/mfa-enroll-options`, `/u/mfa-begin-enroll-options`: which factor to enrol.

use askama::Template;
use stepup_protocol::mfa::FactorType;

use super::factor::{Choice, to_enroll};
use super::{Frame, html};

/// What the page shows. Each factor is a button `name="action"` with the factor's word as its value.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// Which of its addresses it is at, without `/u/`.
    pub page: &'a str,
    /// What may be enrolled, in the order to show it.
    pub factors: &'a [FactorType],
}

#[derive(Template)]
#[template(path = "mfa_enroll_options.html")]
struct Page<'a> {
    frame: Frame<'a>,
    page: &'a str,
    choices: Vec<Choice<'static>>,
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    let choices = view.factors.iter().copied().map(to_enroll).collect();
    html(&Page { frame: view.frame, page: view.page, choices })
}
