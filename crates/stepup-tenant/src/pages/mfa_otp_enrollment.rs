//! `/u/mfa-otp-enrollment`: scan the QR code, type the first code.

use askama::Template;

use super::problem::{Alert, CodeProblem};
use super::{Frame, groups_of_four, html, qr};

/// What the page shows. Holds the enrolment's secret, so it prints none of it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// The shared secret: base32 without padding.
    pub secret: &'a str,
    /// `otpauth://totp/…`, what goes into the QR code.
    pub barcode_uri: &'a str,
    /// Whether other factors may be enrolled instead.
    pub has_other_ways: bool,
    /// Why the last code was not taken.
    pub problem: Option<CodeProblem>,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("View")
            .field("frame", &self.frame)
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "mfa_otp_enrollment.html")]
struct Page<'a> {
    frame: Frame<'a>,
    secret: &'a str,
    groups: Vec<String>,
    barcode_uri: &'a str,
    qr: Option<String>,
    has_other_ways: bool,
    problem: Option<Alert>,
}

/// The page as HTML. `data-secret` holds the bare secret; so does the element's text.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page {
        frame: view.frame,
        secret: view.secret,
        groups: groups_of_four(view.secret),
        barcode_uri: view.barcode_uri,
        qr: qr::svg(view.barcode_uri),
        has_other_ways: view.has_other_ways,
        problem: view.problem.map(CodeProblem::of_otp),
    })
}
