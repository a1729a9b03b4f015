//! The tenant log as an administrator reads it, in SQLite.

use sqlx::Row;

use super::{
    SqliteStore, events,
    search::{Column, Sql, Table},
};
use crate::{
    model::LogEvent,
    store::{Found, Logs, Search, StoreError, Stored},
};

impl Logs for SqliteStore {
    fn find_events<'a>(&'a self, search: &'a Search) -> Stored<'a, Found<LogEvent>> {
        Box::pin(async move {
            let mut sql = Sql::default();
            sql.push("SELECT seq, data FROM log WHERE ");
            LOG.filter(&mut sql, &search.filter);
            if search.order.is_empty() {
                sql.push(" ORDER BY seq DESC");
            } else {
                LOG.order(&mut sql, &search.order, "seq");
            }
            sql.push(" LIMIT ").integer(search.limit.into());
            sql.push(" OFFSET ").integer(i64::try_from(search.offset).unwrap_or(i64::MAX));
            let rows = sql.query().fetch_all(&self.reader).await.map_err(StoreError::Database)?;
            let entries = rows.iter().map(events::read_event).collect::<Result<_, _>>()?;
            let total = if search.count { self.count_events(search).await? } else { 0 };
            Ok(Found { entries, total })
        })
    }

    fn event<'a>(&'a self, id: &'a str) -> Stored<'a, Option<LogEvent>> {
        Box::pin(async move {
            let Some(sequence) = events::sequence(id) else { return Ok(None) };
            let row = sqlx::query("SELECT seq, data FROM log WHERE seq = ?")
                .bind(sequence)
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            row.as_ref().map(events::read_event).transpose()
        })
    }

    fn events_after<'a>(&'a self, from: &'a str, limit: u32) -> Stored<'a, Vec<LogEvent>> {
        Box::pin(async move {
            let rows = sqlx::query("SELECT seq, data FROM log WHERE seq > ? ORDER BY seq LIMIT ?")
                .bind(events::sequence(from).unwrap_or(0))
                .bind(limit)
                .fetch_all(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            rows.iter().map(events::read_event).collect()
        })
    }
}

impl SqliteStore {
    async fn count_events(&self, search: &Search) -> Result<u64, StoreError> {
        let mut sql = Sql::default();
        sql.push("SELECT COUNT(*) FROM log WHERE ");
        LOG.filter(&mut sql, &search.filter);
        let row = sql.query().fetch_one(&self.reader).await.map_err(StoreError::Database)?;
        let count: i64 = row.try_get(0).map_err(StoreError::Database)?;
        Ok(count.unsigned_abs())
    }
}

/// What the log can be searched by: the members of an event on the wire.
const LOG: Table = Table {
    column: log_column,
    default: &["description", "user_name", "user_id", "client_name", "client_id", "ip", "type"],
};

fn log_column(field: &str) -> Option<Column> {
    let text = |sql| Column::Text { sql, folds: false, indexed: false };
    Some(match field {
        "type" => text("kind"),
        "date" => Column::Time("data ->> 'date'"),
        "description" => Column::Text { sql: "data ->> 'description'", folds: true, indexed: false },
        "user_name" => Column::Text { sql: "data ->> 'user_name'", folds: true, indexed: false },
        "client_name" => Column::Text { sql: "data ->> 'client_name'", folds: true, indexed: false },
        "client_id" => text("data ->> 'client_id'"),
        "user_id" => text("data ->> 'user_id'"),
        "connection" => text("data ->> 'connection'"),
        "audience" => text("data ->> 'audience'"),
        "scope" => text("data ->> 'scope'"),
        "ip" => text("data ->> 'ip'"),
        "user_agent" => text("data ->> 'user_agent'"),
        "_id" | "log_id" => text("printf('900%026d', seq)"),
        nested => {
            let path = nested.strip_prefix("details.")?;
            Column::Json(
                "data",
                std::iter::once("details").chain(path.split('.')).map(str::to_owned).collect(),
            )
        }
    })
}
