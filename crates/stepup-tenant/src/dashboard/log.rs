//! `/dashboard/logs`: the tenant log, live.

use std::{ops::Bound, time::Duration};

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    admit::Admin,
    frame::{Frame, Section},
    page,
    words::{self, Tone},
};
use crate::{
    log,
    model::LogEvent,
    oauth::error::Failure,
    state::Shared,
    store::{self, Match, Search},
};

/// How many events a page shows.
const SHOWN: u32 = 200;

/// How long a request for new events waits for the first: less than proxies and browsers give up after.
const WAIT: Duration = Duration::from_secs(20);

#[derive(Template)]
#[template(path = "dashboard/logs.html")]
struct View<'a> {
    frame: Frame<'a>,
    filter: &'a Filter,
    /// The newest event shown: whoever follows the log goes on from there.
    newest: String,
    /// Where the next page begins.
    older: Option<String>,
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
    /// Only what came before the event with this id.
    before: String,
}

impl Filter {
    /// Whether somebody looks for something.
    fn narrows(&self) -> bool {
        !self.kind.trim().is_empty() || !self.user.trim().is_empty()
    }

    fn search(&self, limit: u32) -> Search {
        let term = |field: &str, matches| store::Filter::Term { field: Some(field.to_owned()), matches };
        let bound = |id: &str| match id {
            "" => Bound::Unbounded,
            id => Bound::Excluded(id.to_owned()),
        };
        let mut filter = term("log_id", Match::Range(bound(&self.after), bound(&self.before)));
        let (kind, user) = (self.kind.trim(), self.user.trim());
        if !kind.is_empty() {
            filter = filter.and(store::Filter::equals("type", kind));
        }
        if !user.is_empty() {
            let has = |field| term(field, Match::contains(user));
            filter = filter.and(store::Filter::Any(vec![has("user_name"), has("user_id")]));
        }
        Search { filter, order: Vec::new(), offset: 0, limit, count: false }
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

impl Row {
    /// Whom it is about, in the two parts between which a line may break: an address does before its `@`.
    fn who(&self) -> (&str, &str) {
        let name = self.user.as_deref().unwrap_or("–");
        name.split_at(name.rfind('@').unwrap_or(name.len()))
    }
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
    let mut events = shared.store.find_events(&filter.search(SHOWN + 1)).await?.entries;
    let has_older = events.len() > SHOWN as usize;
    events.truncate(SHOWN as usize);
    let id = |event: Option<&LogEvent>| event.map(|event| event.id.clone());
    let view = View {
        newest: id(events.first()).unwrap_or_default(),
        older: id(events.last()).filter(|_| has_older),
        rows: rows(&frame, &events),
        filter: &filter,
        frame,
    };
    Ok(page(StatusCode::OK, &view))
}

/// The rows of what came after an event; waits for the first, and answers 204 where none came in time.
pub(super) async fn follow(
    State(shared): State<Shared>,
    admin: Admin,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&shared, Section::Logs, &admin);
    let search = filter.search(SHOWN);
    let mut writes = shared.log.writes();
    let first = async {
        loop {
            let events = shared.store.find_events(&search).await?.entries;
            if !events.is_empty() || writes.changed().await.is_err() {
                return Ok::<_, Failure>(events);
            }
        }
    };
    let events = timeout(WAIT, first).await.unwrap_or(Ok(Vec::new()))?;
    if events.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(page(StatusCode::OK, &NewRows { rows: rows(&frame, &events) }))
}

/// What a page knows already.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Known {
    /// The id of the newest event that there was before the page was drawn.
    after: String,
}

/// Answers as soon as something has happened that a page does not know: 200; or 204 where nothing did for a while.
pub(super) async fn changes(
    State(shared): State<Shared>,
    _admin: Admin,
    Query(known): Query<Known>,
) -> Result<StatusCode, Failure> {
    let events = shared.log.read_after(&known.after, None, WAIT).await?;
    Ok(if events.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK })
}
