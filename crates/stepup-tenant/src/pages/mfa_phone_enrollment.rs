//! `/u/mfa-phone-enrollment`: which number codes go to.

use askama::Template;

use super::problem::{Alert, Channel, PhoneProblem};
use super::{Frame, html};

/// What the page shows. The number goes into `phone`, the way of sending into `channel`: `sms` or `voice`.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// What was typed before, or the number of the profile.
    pub phone: &'a str,
    /// The ways that are on, in the order to show them; the choice is shown where there are two.
    pub channels: &'a [Channel],
    /// The one that is chosen.
    pub chosen: Channel,
    /// Whether other factors may be enrolled instead.
    pub has_other_ways: bool,
    /// Why the last number was not taken.
    pub problem: Option<PhoneProblem>,
}

#[derive(Template)]
#[template(path = "mfa_phone_enrollment.html")]
struct Page<'a> {
    view: View<'a>,
    frame: Frame<'a>,
    problem: Option<Alert>,
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page { view: *view, frame: view.frame, problem: view.problem.map(PhoneProblem::alert) })
}
