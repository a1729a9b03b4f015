//! Transactions as a sequence, in SQLite.

use sqlx::Row;

use super::{SqliteStore, decode, events::read_event};
use crate::{
    model::{Step, Trace, TraceSummary},
    store::{StoreError, Stored, Traces},
};

impl Traces for SqliteStore {
    fn traces(&self, before: Option<i64>, limit: u32) -> Stored<'_, Vec<TraceSummary>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT t.transaction_id, t.last, t.steps, f.data AS first_data, l.data AS last_data
                 FROM (SELECT transaction_id, MIN(seq) AS first, MAX(seq) AS last, COUNT(*) AS steps
                       FROM steps GROUP BY transaction_id
                       HAVING ?1 IS NULL OR last < ?1 ORDER BY last DESC LIMIT ?2) t
                 JOIN steps f ON f.seq = t.first JOIN steps l ON l.seq = t.last
                 ORDER BY t.last DESC",
            )
            .bind(before)
            .bind(limit)
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            let summary = |row: &sqlx::sqlite::SqliteRow| {
                let step = |column| -> Result<Step, StoreError> {
                    decode("a request", row.try_get(column).map_err(StoreError::Database)?)
                };
                Ok(TraceSummary {
                    transaction_id: row.try_get("transaction_id").map_err(StoreError::Database)?,
                    cursor: row.try_get("last").map_err(StoreError::Database)?,
                    first: step("first_data")?,
                    last: step("last_data")?,
                    steps: row.try_get("steps").map_err(StoreError::Database)?,
                })
            };
            rows.iter().map(summary).collect()
        })
    }

    fn trace<'a>(&'a self, transaction_id: &'a str) -> Stored<'a, Trace> {
        Box::pin(async move {
            let steps = sqlx::query("SELECT data FROM steps WHERE transaction_id = ? ORDER BY seq")
                .bind(transaction_id)
                .fetch_all(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            let events = sqlx::query("SELECT seq, data FROM log WHERE transaction_id = ? ORDER BY seq")
                .bind(transaction_id)
                .fetch_all(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            let step = |row: &sqlx::sqlite::SqliteRow| {
                decode("a request", row.try_get("data").map_err(StoreError::Database)?)
            };
            Ok(Trace {
                steps: steps.iter().map(step).collect::<Result<_, _>>()?,
                events: events.iter().map(read_event).collect::<Result<_, _>>()?,
            })
        })
    }
}
