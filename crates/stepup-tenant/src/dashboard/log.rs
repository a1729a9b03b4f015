//! `/dashboard/logs`: the tenant log, live.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    admit::Admin,
    frame::{Frame, Section},
    page,
    words::{self, Tone},
};
use crate::{log, model::LogEvent, oauth::error::Failure, state::Shared};

/// How many events a page shows.
const SHOWN: u32 = 200;

/// How long a request for new events waits for the first: less than proxies and browsers give up after.
const WAIT: Duration = Duration::from_secs(20);

#[derive(Template)]
#[template(path = "dashboard/logs.html")]
struct View<'a> {
    frame: Frame<'a>,
    filter: &'a Filter,
    newest: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "dashboard/log_rows.html")]
struct NewRows {
    rows: Vec<Row>,
}

/// What to show.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    /// A type code.
    #[serde(rename = "type")]
    kind: String,
    /// Part of a user's name or id.
    user: String,
    /// Only what came after the event with this id.
    after: String,
}

impl Filter {
    fn kind(&self) -> Option<&str> {
        Some(self.kind.trim()).filter(|kind| !kind.is_empty())
    }

    fn matches(&self, event: &LogEvent) -> bool {
        let wanted = self.user.trim().to_lowercase();
        let names = [&event.user_name, &event.user_id].into_iter().flatten();
        wanted.is_empty() || names.into_iter().any(|name| name.to_lowercase().contains(&wanted))
    }
}

/// An event as it is shown.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) words: String,
    pub(super) tone: Tone,
    pub(super) user: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) application: Option<String>,
    pub(super) description: Option<String>,
    /// The login that it belongs to.
    pub(super) transaction_id: Option<String>,
    pub(super) ago: String,
    pub(super) exact: String,
    /// The whole event.
    pub(super) json: String,
}

/// Events as they are shown.
pub(super) fn rows(frame: &Frame<'_>, events: &[LogEvent]) -> Vec<Row> {
    events.iter().map(|event| row(frame, event)).collect()
}

fn row(frame: &Frame<'_>, event: &LogEvent) -> Row {
    let (words, tone) = words::of(&event.kind);
    Row {
        id: event.id.clone(),
        kind: event.kind.clone(),
        words: words.to_owned(),
        tone,
        user: event.user_name.clone().or_else(|| event.user_id.clone()),
        user_id: event.user_id.clone(),
        application: event.client_name.clone().or_else(|| event.client_id.clone()),
        description: event.description.clone(),
        transaction_id: event.transaction_id.clone(),
        ago: frame.ago(event.date),
        exact: frame.exact(event.date),
        json: serde_json::to_string_pretty(&log::to_json(event)).unwrap_or_default(),
    }
}

/// The page.
pub(super) async fn show(
    State(shared): State<Shared>,
    admin: Admin,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&shared, Section::Logs, &admin);
    let mut events = shared.log.read(filter.kind(), SHOWN).await?;
    let newest = events.first().map(|event| event.id.clone()).unwrap_or_default();
    events.retain(|event| filter.matches(event));
    let view = View { rows: rows(&frame, &events), frame, filter: &filter, newest };
    Ok(page(StatusCode::OK, &view))
}

/// The rows of what came after an event; waits for the first, and answers 204 where none came in time.
pub(super) async fn follow(
    State(shared): State<Shared>,
    admin: Admin,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&shared, Section::Logs, &admin);
    let newer = |event: &LogEvent| event.id > filter.after;
    let mut events = shared.log.read(filter.kind(), SHOWN).await?;
    if !events.first().is_some_and(newer) {
        events = shared.log.read_next(filter.kind(), WAIT).await?;
    }
    events.retain(|event| newer(event) && filter.matches(event));
    if events.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(page(StatusCode::OK, &NewRows { rows: rows(&frame, &events) }))
}

/// Answers as soon as something happens: 200; or 204 where nothing did for a while.
pub(super) async fn changes(State(shared): State<Shared>, _admin: Admin) -> Result<StatusCode, Failure> {
    let events = shared.log.read_next(None, WAIT).await?;
    Ok(if events.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK })
}
