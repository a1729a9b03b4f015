//! `/u/mfa-login-options`: another way to prove oneself.

use askama::Template;

use super::factor::{Choice, Way, to_challenge};
use super::{Frame, html};

/// What the page shows. Each way is a button `name="action"`.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// What the user may be challenged with, in the order to show it.
    pub ways: &'a [Way<'a>],
}

#[derive(Template)]
#[template(path = "mfa_login_options.html")]
struct Page<'a> {
    frame: Frame<'a>,
    choices: Vec<Choice<'a>>,
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page { frame: view.frame, choices: view.ways.iter().copied().map(to_challenge).collect() })
}
