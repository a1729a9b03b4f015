//! Transactions as a sequence, in SQLite.

use rusqlite::{Row, params};

use super::{SqliteStore, data, decode, events::read_event, query::all, text};
use crate::{
    model::{Step, Trace, TraceSummary},
    store::{StoreError, Stored, Traces},
};

impl Traces for SqliteStore {
    fn traces(&self, before: Option<i64>, limit: u32) -> Stored<'_, Vec<TraceSummary>> {
        self.search(move |connection| {
            all(
                connection,
                "SELECT t.transaction_id, t.last, t.steps, f.data AS first_data, l.data AS last_data
                 FROM (SELECT transaction_id, MIN(seq) AS first, MAX(seq) AS last, COUNT(*) AS steps
                       FROM steps GROUP BY transaction_id
                       HAVING ?1 IS NULL OR last < ?1 ORDER BY last DESC LIMIT ?2) t
                 JOIN steps f ON f.seq = t.first JOIN steps l ON l.seq = t.last
                 ORDER BY t.last DESC",
                params![before, limit],
                read_summary,
            )
        })
    }

    fn trace<'a>(&'a self, transaction_id: &'a str) -> Stored<'a, Trace> {
        self.read(move |connection| {
            let steps = all(
                connection,
                "SELECT data FROM steps WHERE transaction_id = ? ORDER BY seq",
                [transaction_id],
                data("a request"),
            )?;
            let events = all(
                connection,
                "SELECT seq, data FROM log WHERE transaction_id = ? ORDER BY seq",
                [transaction_id],
                read_event,
            )?;
            Ok(Trace { steps, events })
        })
    }
}

fn read_summary(row: &Row<'_>) -> Result<TraceSummary, StoreError> {
    let step = |column| -> Result<Step, StoreError> { decode("a request", text(row, column)?) };
    Ok(TraceSummary {
        transaction_id: row.get("transaction_id")?,
        cursor: row.get("last")?,
        first: step("first_data")?,
        last: step("last_data")?,
        steps: row.get("steps")?,
    })
}
