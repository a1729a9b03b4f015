//! `/u/mfa-recovery-code-enrollment`: a new recovery code, shown once.

use askama::Template;

use super::problem::Alert;
use super::{Frame, groups_of_four, html};

/// What the page shows. Holds the code, so it prints none of it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// The new code: 24 letters and digits.
    pub recovery_code: &'a str,
    /// Why the user gets it.
    pub occasion: Occasion,
    /// Whether the form came back without the tick `saved`.
    pub tick_is_missing: bool,
}

/// Why a recovery code is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The first factor was just enrolled.
    FirstFactor,
    /// The old recovery code was just used up.
    OldCodeUsed,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("View")
            .field("frame", &self.frame)
            .field("occasion", &self.occasion)
            .finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "mfa_recovery_code_enrollment.html")]
struct Page<'a> {
    frame: Frame<'a>,
    recovery_code: &'a str,
    groups: Vec<String>,
    occasion: Occasion,
    problem: Option<Alert>,
}

const NO_TICK: Alert =
    Alert { code: "no-confirmation", text: "Keep the code in a safe place, then set the tick to go on." };

/// The page as HTML. `data-recovery-code` holds the bare code; so does the element's text.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page {
        frame: view.frame,
        recovery_code: view.recovery_code,
        groups: groups_of_four(view.recovery_code),
        occasion: view.occasion,
        problem: view.tick_is_missing.then_some(NO_TICK),
    })
}
