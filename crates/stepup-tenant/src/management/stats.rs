//! `stats`: how much was done.

use std::time::Duration;

use axum::{Router, extract::State, routing::get};
use jiff::{civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use stepup_protocol::time::UnixTime;

use super::{Answer, Answered, bearer::Bearer, error::Failure, request::Query};
use crate::{log::rfc3339, state::Shared, store::Day};

const READ: &[&str] = &["read:stats"];
const DAY: Duration = Duration::from_secs(86_400);
/// What counts as lately.
const LATELY: Duration = Duration::from_secs(30 * 86_400);

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/stats/daily", get(daily)).route("/stats/active-users", get(active_users))
}

/// Log-ins, sign-ups and leaked passwords day by day; of the last thirty days unless the query says.
async fn daily(State(shared): State<Shared>, bearer: Bearer, query: Query) -> Answered {
    bearer.any(READ)?;
    query.only(&["from", "to"])?;
    let now = shared.clock.now();
    let from = day(&query, "from")?.unwrap_or(now - LATELY);
    let until = day(&query, "to")?.unwrap_or(now) + DAY;
    let days = shared.store.days(from, until).await?;
    Ok(Answer::ok(days.iter().map(on_the_wire).collect()))
}

/// How many users logged in during the last thirty days.
async fn active_users(State(shared): State<Shared>, bearer: Bearer) -> Answered {
    bearer.any(READ)?;
    let number = shared.store.active_users(shared.clock.now() - LATELY).await?;
    Ok(Answer::ok(Value::from(number)))
}

/// The beginning of the day that a parameter names, `YYYYMMDD`.
fn day(query: &Query, name: &str) -> Result<Option<UnixTime>, Failure> {
    let Some(text) = query.text(name)? else { return Ok(None) };
    let wrong =
        || Failure::Query(format!("'String does not match pattern ^[0-9]{{8}}$: {text}' on property {name}"));
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let date = Date::strptime("%Y%m%d", text).map_err(|_| wrong())?;
    let begin = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).map_err(|_| wrong())?;
    Ok(Some(UnixTime::from_seconds(begin.as_second())))
}

fn on_the_wire(day: &Day) -> Value {
    json!({
        "date": rfc3339(day.began_at),
        "logins": day.logins,
        "signups": day.signups,
        "leaked_passwords": day.leaked_passwords,
        "created_at": rfc3339(day.began_at),
        "updated_at": rfc3339(day.updated_at),
    })
}
