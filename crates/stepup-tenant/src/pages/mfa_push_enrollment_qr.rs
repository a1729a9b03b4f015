//! `/u/mfa-push-enrollment-qr`: scan this with the app that will ask; the page moves on by itself.

use askama::Template;

use super::{Frame, html, qr};

/// What the page shows. Holds the enrolment's ticket, so it prints none of it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// What goes into the QR code; none: it has run out, and a new one is offered.
    pub barcode_uri: Option<&'a str>,
    /// Whether other factors may be enrolled instead.
    pub has_other_ways: bool,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("View").field("frame", &self.frame).finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "mfa_push_enrollment_qr.html")]
struct Page<'a> {
    frame: Frame<'a>,
    code: Option<Code<'a>>,
    has_other_ways: bool,
}

struct Code<'a> {
    barcode_uri: &'a str,
    qr: Option<String>,
}

/// The page as HTML. `data-barcode-uri` holds what the QR code says. With scripts it asks `…/status`, without it loads
/// itself again. The button for a new code is `name="action" value="default"`.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    let code = view.barcode_uri.map(|barcode_uri| Code { barcode_uri, qr: qr::svg(barcode_uri) });
    html(&Page { frame: view.frame, code, has_other_ways: view.has_other_ways })
}
