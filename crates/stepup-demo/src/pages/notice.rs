//! One page for everything that stops a customer: what happened, and the way on.

use std::borrow::Cow;

use askama::Template;
use axum::response::Html;

use super::{Frame, html};

#[derive(Debug, Template)]
#[template(path = "notice.html")]
struct Notice {
    frame: Frame,
    heading: &'static str,
    text: &'static str,
    way_on: (Cow<'static, str>, &'static str),
}

fn notice(
    heading: &'static str,
    text: &'static str,
    (address, words): (impl Into<Cow<'static, str>>, &'static str),
) -> Html<String> {
    html(&Notice { frame: Frame::default(), heading, text, way_on: (address.into(), words) })
}

/// A form that another site's page sent.
pub(crate) fn foreign_form() -> Html<String> {
    notice(
        "That did not come from here",
        "A form arrived that no page of this bank had sent, so nothing was done. If it was you, open the page again and send the form from there.",
        ("/", "To the front page"),
    )
}

/// The session ended while a page was open; `login` leads to the log-in and back.
pub(crate) fn logged_out(login: String) -> Html<String> {
    notice(
        "You have been logged out",
        "Your session ended while this page was open. Nothing was sent. Log in, and you can go on.",
        (login, "Log in"),
    )
}

/// An address that leads nowhere, or an order that is not (any more) there.
pub(crate) fn nothing_here() -> Html<String> {
    notice(
        "There is nothing here",
        "The page that you asked for does not exist, or the transfer was taken back.",
        ("/balance", "To your balance"),
    )
}

/// Only a new login helps; `login` leads to the log-in and back.
pub(crate) fn login_needed(login: String) -> Html<String> {
    notice(
        "Please log in again",
        "For this transfer we need to see that it is really you. Log in again, and your transfer can go on.",
        (login, "Log in"),
    )
}
