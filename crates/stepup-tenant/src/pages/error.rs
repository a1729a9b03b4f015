//! The page for what cannot be answered by a redirect: an unknown client, a callback that is not allowed, a lost
//! transaction.

use askama::Template;

use super::html;

/// What the page shows.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "error.html")]
pub struct View<'a> {
    /// The tenant's friendly name.
    pub tenant: &'a str,
    /// What happened, to what: `Callback URL mismatch.`, `Unknown client: abc`.
    pub message: &'a str,
    /// What to do about it, in the reader's words.
    pub advice: &'a str,
    /// For the developer: the OAuth error code, and what was sent where something else is configured.
    pub details: &'a [(&'a str, &'a str)],
    /// A way on, as an address and the text of its link.
    pub way_out: Option<(&'a str, &'a str)>,
}

/// What to do about a transaction that is not there (any more): the usual [`View::advice`].
pub const LOST_TRANSACTION: &str = "You may have pressed the back button, refreshed during login, opened too many \
    login dialogs, or there is some issue with cookies, since we couldn't find your session. Go back to the \
    application and log in again from there.";

/// What to do about an address or a form that cannot be answered.
pub const START_AGAIN: &str = "Go back to the application, and start again from there.";

/// What to do about an application that nobody knows (any more).
pub const UNKNOWN_CLIENT: &str = "Check the client_id that the application is configured with.";

/// What to do about a link that was used or is too old.
pub const LOST_TICKET: &str = "A link works once, and for a few days. If you still need it, ask for a new one; the newest is the one that works.";

/// What to do about a link that has nothing to set up.
pub const ANOTHER_TICKET: &str =
    "If you still need a second step, ask whoever sent you the link for another one.";

/// The page as HTML.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(view)
}
