//! `/dashboard/inbox`: what the tenant has sent.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    admit::Admin,
    frame::{Frame, Section},
    page,
};
use crate::{
    model::{Channel, Message},
    oauth::error::Failure,
    state::Shared,
    store::{Filter, Match, Search},
};

/// How many messages a page shows.
const SHOWN: u32 = 200;

#[derive(Template)]
#[template(path = "dashboard/inbox.html")]
struct View<'a> {
    frame: Frame<'a>,
    /// The newest event of the log before the rest was read: whatever comes after it, the page does not know.
    newest: String,
    wanted: &'a Wanted,
    has_more: bool,
    messages: Vec<Row<'a>>,
}

struct Row<'a> {
    message: &'a Message,
    ago: String,
    exact: String,
}

/// Which messages.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// Part of a recipient.
    to: String,
    page: u64,
}

impl Wanted {
    fn search(&self) -> Search {
        let filter = match self.to.trim() {
            "" => Filter::everything(),
            to => Filter::Term { field: Some("to".to_owned()), matches: Match::contains(to) },
        };
        let offset = self.page.saturating_mul(u64::from(SHOWN));
        Search { filter, order: Vec::new(), offset, limit: SHOWN + 1, count: false }
    }
}

/// The page.
pub(super) async fn show(
    State(shared): State<Shared>,
    admin: Admin,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&shared, Section::Inbox, &admin);
    let newest = shared.log.newest().await?;
    let mut messages = shared.store.find_messages(&wanted.search()).await?.entries;
    let has_more = messages.len() > SHOWN as usize;
    messages.truncate(SHOWN as usize);
    let rows = messages.iter().map(|message| Row {
        message,
        ago: frame.ago(message.created_at),
        exact: frame.exact(message.created_at),
    });
    Ok(page(StatusCode::OK, &View { messages: rows.collect(), wanted: &wanted, newest, has_more, frame }))
}

impl Row<'_> {
    fn channel(&self) -> &'static str {
        match self.message.channel {
            Channel::Email => "Email",
            Channel::Push => "Push",
            Channel::Sms => "SMS",
            Channel::Voice => "Voice",
        }
    }
}
