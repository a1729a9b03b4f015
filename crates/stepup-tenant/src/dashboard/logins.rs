//! `/dashboard/logins`: each login, and one of them drawn as a sequence.

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    admit::Admin,
    frame::{Frame, Moment, Section},
    mask::Secrets,
    missing, page,
    sequence::{Item, draw},
};
use crate::{
    model::{Step, TraceSummary},
    oauth::error::Failure,
    state::Shared,
};

/// How many logins a page lists.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "dashboard/logins.html")]
struct List<'a> {
    frame: Frame<'a>,
    /// The newest event of the log before the rest was read: whatever comes after it, the page does not know.
    newest: String,
    logins: Vec<Row>,
    /// Where the next page begins.
    older: Option<i64>,
}

struct Row {
    id: String,
    ago: String,
    exact: String,
    what: String,
    application: String,
    outcome: String,
    failed: bool,
    steps: u32,
}

#[derive(Template)]
#[template(path = "dashboard/login.html")]
struct Drawn<'a> {
    frame: Frame<'a>,
    id: &'a str,
    what: String,
    began: Moment,
    user: Option<String>,
    secrets: Secrets,
    /// Whether the requests are known as they came, and not only what they were about.
    recorded: bool,
    items: Vec<Item>,
}

/// Which page of the list.
#[derive(Debug, Deserialize)]
pub(super) struct Before {
    before: Option<i64>,
}

/// How a sequence is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Show {
    secrets: String,
}

/// The list.
pub(super) async fn list(
    State(shared): State<Shared>,
    admin: Admin,
    Query(Before { before }): Query<Before>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&shared, Section::Logins, &admin);
    let newest = shared.log.newest().await?;
    let traces = shared.store.traces(before, SHOWN).await?;
    let is_full = traces.len() == usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let older = traces.last().filter(|_| is_full).map(|trace| trace.cursor);
    let logins = traces.iter().map(|trace| row(&shared, &frame, trace)).collect();
    Ok(page(StatusCode::OK, &List { newest, logins, older, frame }))
}

fn row(shared: &Shared, frame: &Frame<'_>, trace: &TraceSummary) -> Row {
    let TraceSummary { first, last, .. } = trace;
    let client_id = first.parameters.get("client_id").or_else(|| last.parameters.get("client_id"));
    let name = client_id.map(|id| shared.config.client(id).map_or(id.as_str(), |client| &client.name));
    Row {
        id: trace.transaction_id.clone(),
        ago: frame.ago(last.date),
        exact: frame.exact(last.date),
        what: what(first),
        application: name.unwrap_or("–").to_owned(),
        outcome: match (&last.error, &last.location) {
            (Some(error), _) => error.clone(),
            (None, Some(location)) => format!("on to {location}"),
            (None, None) => last.status.to_string(),
        },
        failed: last.status >= 400 || last.error.is_some(),
        steps: trace.steps,
    }
}

/// What began with this request, in words.
fn what(first: &Step) -> String {
    let grant = first.parameters.get("grant_type").map(|grant| grant.rsplit('/').next().unwrap_or(grant));
    match (first.path.as_str(), grant) {
        ("/authorize" | "/oauth/par", _) => match first.parameters.get("prompt").map(String::as_str) {
            Some("none") => "Silent login".to_owned(),
            _ => "Login".to_owned(),
        },
        (_, Some("refresh_token")) => "Refresh".to_owned(),
        (_, Some("password" | "password-realm")) => "Password grant".to_owned(),
        (_, Some(grant)) => grant.replace('_', " "),
        (path, None) => path.to_owned(),
    }
}

/// One login.
pub(super) async fn show(
    State(shared): State<Shared>,
    admin: Admin,
    Path(id): Path<String>,
    Query(show): Query<Show>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&shared, Section::Logins, &admin);
    let trace = shared.store.trace(&id).await?;
    let Some(first) = trace.steps.first() else { return Ok(missing(&frame, "This login")) };
    let exchanges = shared.recorder.exchanges();
    let secrets = if show.secrets == "shown" { Secrets::Shown } else { Secrets::Covered };
    let view = Drawn {
        id: &id,
        what: what(first),
        began: first.date.into(),
        user: trace.events.iter().find_map(|event| event.user_name.clone()),
        secrets,
        recorded: exchanges.iter().any(|exchange| exchange.request_id == first.request_id),
        items: draw(&trace, &exchanges, secrets),
        frame,
    };
    Ok(page(StatusCode::OK, &view))
}
