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
};

#[derive(Template)]
#[template(path = "dashboard/inbox.html")]
struct View<'a> {
    frame: Frame<'a>,
    to: &'a str,
    messages: Vec<Row<'a>>,
}

struct Row<'a> {
    message: &'a Message,
    ago: String,
    exact: String,
}

/// What to show.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    /// Part of a recipient.
    to: String,
}

/// The page.
pub(super) async fn show(
    State(shared): State<Shared>,
    admin: Admin,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&shared, Section::Inbox, &admin);
    let messages = shared.delivery.inbox().read(None, None).await?;
    let wanted = filter.to.trim().to_lowercase();
    let rows = messages
        .iter()
        .filter(|message| message.to.to_lowercase().contains(&wanted))
        .take(SHOWN)
        .map(|message| Row {
            message,
            ago: frame.ago(message.created_at),
            exact: frame.exact(message.created_at),
        })
        .collect();
    Ok(page(StatusCode::OK, &View { messages: rows, to: &filter.to, frame }))
}

/// How many messages a page shows.
const SHOWN: usize = 200;

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
