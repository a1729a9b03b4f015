//! What users hold, in SQLite.

use sqlx::{Row, sqlite::SqliteRow};
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, decode, decode_row};
use crate::{
    model::RefreshToken,
    store::{Holdings, StoreError, Stored},
};

impl Holdings for SqliteStore {
    fn refresh_tokens_of<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, Vec<RefreshToken>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT data FROM refresh_tokens AS held
                 WHERE user_id = ? AND retired_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
                   AND NOT EXISTS (SELECT 1 FROM revoked_families WHERE revoked_families.family = held.family)
                 ORDER BY seq",
            )
            .bind(user_id)
            .bind(now.seconds())
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            let data = |row: &SqliteRow| {
                decode("a refresh token", row.try_get("data").map_err(StoreError::Database)?)
            };
            rows.iter().map(data).collect()
        })
    }

    fn refresh_token_by_id<'a>(&'a self, id: &'a str) -> Stored<'a, Option<RefreshToken>> {
        Box::pin(async move {
            let row = sqlx::query(
                "SELECT data FROM refresh_tokens AS held
                 WHERE id = ? AND retired_at IS NULL
                   AND NOT EXISTS (SELECT 1 FROM revoked_families WHERE revoked_families.family = held.family)",
            )
            .bind(id)
            .fetch_optional(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            decode_row("a refresh token", row.as_ref())
        })
    }

    fn revoke_refresh_tokens<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO revoked_families (family, revoked_at)
                 SELECT DISTINCT family, ? FROM refresh_tokens WHERE user_id = ? ON CONFLICT DO NOTHING",
            )
            .bind(now.seconds())
            .bind(user_id)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(StoreError::Database)
        })
    }
}
