//! `logs`: what happened, searched by page, or read on from one event to the next.

use axum::{Router, extract::State, routing::get};
use serde_json::Value;

use super::{
    Answer, Answered,
    bearer::Bearer,
    error::Failure,
    fields::Fields,
    lucene,
    page::{Checkpoint, Page},
    request::{Ids, Query},
};
use crate::{
    log,
    state::Shared,
    store::{Filter, Found, Order, Search},
};

/// Who may read the log.
const READ: &[&str] = &["read:logs", "read:logs_users"];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/logs", get(list))
        .route("/logs/{id}", get(one))
        .route("/users/{user_id}/logs", get(of_user))
}

async fn list(State(shared): State<Shared>, bearer: Bearer, query: Query) -> Answered {
    bearer.any(READ)?;
    query.only(&[
        "page",
        "per_page",
        "include_totals",
        "from",
        "take",
        "fields",
        "include_fields",
        "sort",
        "q",
        "search",
    ])?;
    let fields = Fields::of(&query)?;
    if Checkpoint::asked(&query) {
        let checkpoint = Checkpoint::of(&query)?;
        let from = checkpoint.from.as_deref().unwrap_or_default();
        let events = shared.store.events_after(from, checkpoint.take).await?;
        return Ok(Answer::ok(events.iter().map(|event| fields.pick(log::to_json(event))).collect()));
    }
    let text = match query.text("q")? {
        Some(text) => Some(text),
        None => query.text("search")?,
    };
    let filter = text.map_or(Ok(Filter::everything()), lucene::parse)?;
    page(&shared, &query, filter, &fields).await
}

async fn of_user(
    State(shared): State<Shared>,
    bearer: Bearer,
    Ids(user_id): Ids<String>,
    query: Query,
) -> Answered {
    bearer.any(READ)?;
    query.only(&["page", "per_page", "include_totals", "sort"])?;
    page(&shared, &query, Filter::equals("user_id", user_id), &Fields::of(&query)?).await
}

async fn page(shared: &Shared, query: &Query, filter: Filter, fields: &Fields) -> Answered {
    let page = Page::of(query, 50)?;
    let search = Search {
        filter,
        order: order(query.text("sort")?)?,
        offset: page.offset(),
        limit: page.size(),
        count: page.totals(),
    };
    let Found { entries, total } = shared.store.find_events(&search).await?;
    let entries: Vec<Value> = entries.iter().map(|event| fields.pick(log::to_json(event))).collect();
    Ok(Answer::ok(page.answer("logs", entries, total)))
}

async fn one(State(shared): State<Shared>, bearer: Bearer, Ids(id): Ids<String>) -> Answered {
    bearer.any(READ)?;
    let event = shared.store.event(&id).await?;
    let event = event.ok_or_else(|| Failure::not_found("The log does not exist.", "log_not_found"))?;
    Ok(Answer::ok(log::to_json(&event)))
}

/// `sort=date:-1`: members to sort by, each with its direction.
pub(super) fn order(sort: Option<&str>) -> Result<Vec<Order>, Failure> {
    let Some(sort) = sort else { return Ok(Vec::new()) };
    let wrong = || {
        Failure::Query(format!("'Object didn't pass validation for format sort: {sort}' on property sort"))
    };
    sort.split(',')
        .map(|part| match part.trim().rsplit_once(':') {
            Some((field, "1")) => Ok(Order { field: field.to_owned(), descending: false }),
            Some((field, "-1")) => Ok(Order { field: field.to_owned(), descending: true }),
            _ => Err(wrong()),
        })
        .collect()
}
