//! `response_mode=web_message`: the answer as a message to the window that asked
//! (OAuth 2.0 Web Message Response Mode, draft-sakimura-oauth-wmrm section 4).

use askama::Template;

use super::{assets, html};

/// What the page carries. Holds an authorization code, so it prints none of its fields.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The origin of the redirect URI: nobody else is told.
    pub target_origin: &'a str,
    /// The response parameters: `code` and `state`, or `error`, `error_description` and `state`.
    pub response: &'a [(&'a str, &'a str)],
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("View").field("target_origin", &self.target_origin).finish_non_exhaustive()
    }
}

#[derive(Template)]
#[template(path = "web_message.html")]
struct Page<'a> {
    target_origin: &'a str,
    message: String,
    script: &'static str,
}

/// The page as HTML; answer with [`super::headers::web_message`].
#[must_use]
pub fn render(view: &View<'_>) -> String {
    let response: serde_json::Map<_, _> =
        view.response.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let message = serde_json::json!({ "type": "authorization_response", "response": response });
    html(&Page {
        target_origin: view.target_origin,
        message: message.to_string(),
        script: assets::WEB_MESSAGE,
    })
}
