//! Counted calls in SQLite.

use rusqlite::params;
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, query::scalar};
use crate::store::{Quotas, Stored};

impl Quotas for SqliteStore {
    fn count_in_quota<'a>(&'a self, subject: &'a str, began_at: UnixTime) -> Stored<'a, u32> {
        self.write(move |connection| {
            scalar(
                connection,
                "INSERT INTO quotas (subject, began_at, number) VALUES (?, ?, 1)
                 ON CONFLICT (subject, began_at) DO UPDATE SET number = number + 1 RETURNING number",
                params![subject, began_at.seconds()],
            )
        })
    }
}
