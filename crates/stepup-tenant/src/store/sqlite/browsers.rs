//! Remembered browsers in SQLite.

use std::time::Duration;

use stepup_protocol::time::UnixTime;

use super::SqliteStore;
use crate::{
    model::Digest,
    store::{BROWSER_IDLE, BROWSER_LIFETIME, Browsers, StoreError, Stored},
};

/// The row is this user's and neither of its times is over: what lies at or before them is forgotten.
const REMEMBERED: &str = "digest = ? AND user_id = ? AND last_used_at > ? AND remembered_at > ?";

impl Browsers for SqliteStore {
    fn remember_browser<'a>(&'a self, cookie: &'a Digest, user_id: &'a str, now: UnixTime) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query(
                "INSERT OR REPLACE INTO browsers (digest, user_id, remembered_at, last_used_at) VALUES (?1, ?2, ?3, ?3)",
            )
            .bind(cookie.as_bytes())
            .bind(user_id)
            .bind(now.seconds())
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(StoreError::Database)
        })
    }

    fn browser_remembered<'a>(
        &'a self,
        cookie: &'a Digest,
        user_id: &'a str,
        now: UnixTime,
    ) -> Stored<'a, bool> {
        Box::pin(async move {
            let row = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT 1 FROM browsers WHERE {REMEMBERED}")))
                .bind(cookie.as_bytes())
                .bind(user_id)
                .bind(before(now, BROWSER_IDLE))
                .bind(before(now, BROWSER_LIFETIME))
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            Ok(row.is_some())
        })
    }

    fn renew_browser<'a>(&'a self, cookie: &'a Digest, user_id: &'a str, now: UnixTime) -> Stored<'a, bool> {
        Box::pin(async move {
            let renewal =
                format!("UPDATE browsers SET remembered_at = ?, last_used_at = ? WHERE {REMEMBERED}");
            let renewed = sqlx::query(sqlx::AssertSqlSafe(renewal))
                .bind(now.seconds())
                .bind(now.seconds())
                .bind(cookie.as_bytes())
                .bind(user_id)
                .bind(before(now, BROWSER_IDLE))
                .bind(before(now, BROWSER_LIFETIME))
                .execute(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            Ok(renewed.rows_affected() == 1)
        })
    }

    fn forget_browsers<'a>(&'a self, user_id: &'a str) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("DELETE FROM browsers WHERE user_id = ?")
                .bind(user_id)
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(StoreError::Database)
        })
    }
}

fn before(now: UnixTime, age: Duration) -> i64 {
    (now - age).seconds()
}
