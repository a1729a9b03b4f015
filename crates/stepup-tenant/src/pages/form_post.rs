//! `response_mode=form_post`: a form that sends itself (OAuth 2.0 Form Post Response Mode, section 2).

use askama::Template;

use super::{assets, html};

/// What the page carries. Holds an authorization code, so it prints none of its fields.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The redirect URI.
    pub action: &'a str,
    /// The response parameters in order.
    pub fields: &'a [(&'a str, &'a str)],
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("View").field("action", &self.action).finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "form_post.html")]
struct Page<'a> {
    action: &'a str,
    fields: &'a [(&'a str, &'a str)],
    script: &'static str,
}

/// The page as HTML; answer with [`super::headers::form_post`]. With scripts off it shows a Continue button.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page { action: view.action, fields: view.fields, script: assets::FORM_POST })
}
