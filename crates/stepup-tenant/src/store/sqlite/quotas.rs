//! Counted calls in SQLite.

use sqlx::Row;
use stepup_protocol::time::UnixTime;

use super::SqliteStore;
use crate::store::{Quotas, StoreError, Stored};

impl Quotas for SqliteStore {
    fn count_in_quota<'a>(&'a self, subject: &'a str, began_at: UnixTime) -> Stored<'a, u32> {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO quotas (subject, began_at, number) VALUES (?, ?, 1)
                 ON CONFLICT (subject, began_at) DO UPDATE SET number = number + 1 RETURNING number",
            )
            .bind(subject)
            .bind(began_at.seconds())
            .fetch_one(&self.writer)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(StoreError::Database)
        })
    }
}
