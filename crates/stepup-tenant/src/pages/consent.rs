//! `/u/consent`: may this application do that for you?

use askama::Template;

use super::{Frame, html};

/// What the page shows. The answer is `action`: `accept` or `deny`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "consent.html")]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// What is asked for.
    pub permissions: &'a [Permission<'a>],
}

/// One thing that an application asks for.
#[derive(Clone, Copy, Debug)]
pub struct Permission<'a> {
    /// The scope on the wire, for example `transfer:funds`.
    pub scope: &'a str,
    /// What it means, from the resource server's configuration; empty: the scope speaks for itself.
    pub description: &'a str,
}

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(view)
}

impl<'a> Permission<'a> {
    /// The words that the user reads: those of the standard scopes are ours (OpenID Connect Core section 5.4).
    fn words(&self) -> &'a str {
        match (self.description, self.scope) {
            ("", "openid" | "profile") => "See your name and picture",
            ("", "email") => "See your email address",
            ("", "address") => "See your postal address",
            ("", "phone") => "See your phone number",
            ("", "offline_access") => "Stay connected while you are away",
            ("", scope) => scope,
            (description, _) => description,
        }
    }
}
