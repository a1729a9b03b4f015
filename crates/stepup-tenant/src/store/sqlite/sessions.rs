//! Sessions in SQLite.

use sqlx::Row;
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, decode, decode_row, encode, insertion};
use crate::{
    model::{Digest, TenantSession},
    store::{Sessions, StoreError, Stored},
};

impl Sessions for SqliteStore {
    fn insert_session<'a>(&'a self, cookie: &'a Digest, session: &'a TenantSession) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("INSERT INTO sessions (id, cookie, data, expires_at) VALUES (?, ?, ?, ?)")
                .bind(&session.id)
                .bind(cookie.as_bytes())
                .bind(encode("a session", session)?)
                .bind(end(session).seconds())
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(insertion("the session"))
        })
    }

    fn session_by_cookie<'a>(&'a self, cookie: &'a Digest) -> Stored<'a, Option<TenantSession>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT data FROM sessions WHERE cookie = ?")
                .bind(cookie.as_bytes())
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            decode_row("a session", row.as_ref())
        })
    }

    fn session<'a>(&'a self, id: &'a str) -> Stored<'a, Option<TenantSession>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT data FROM sessions WHERE id = ?")
                .bind(id)
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            decode_row("a session", row.as_ref())
        })
    }

    fn update_session<'a>(&'a self, session: &'a TenantSession) -> Stored<'a, bool> {
        Box::pin(async move {
            let updated = sqlx::query("UPDATE sessions SET data = ?, expires_at = ? WHERE id = ?")
                .bind(encode("a session", session)?)
                .bind(end(session).seconds())
                .bind(&session.id)
                .execute(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            Ok(updated.rows_affected() == 1)
        })
    }

    fn renew_session_cookie<'a>(&'a self, old: &'a Digest, new: &'a Digest) -> Stored<'a, bool> {
        Box::pin(async move {
            let renewed = sqlx::query("UPDATE sessions SET cookie = ? WHERE cookie = ?")
                .bind(new.as_bytes())
                .bind(old.as_bytes())
                .execute(&self.writer)
                .await
                .map_err(insertion("the session"))?;
            Ok(renewed.rows_affected() == 1)
        })
    }

    fn sessions_of<'a>(&'a self, user_id: &'a str) -> Stored<'a, Vec<TenantSession>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT data FROM sessions WHERE json_extract(data, '$.user_id') = ? ORDER BY rowid",
            )
            .bind(user_id)
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            rows.iter()
                .map(|row| decode("a session", row.try_get("data").map_err(StoreError::Database)?))
                .collect()
        })
    }

    fn delete_session<'a>(&'a self, id: &'a str) -> Stored<'a, bool> {
        Box::pin(async move {
            let deleted = sqlx::query("DELETE FROM sessions WHERE id = ?")
                .bind(id)
                .execute(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            Ok(deleted.rows_affected() == 1)
        })
    }
}

fn end(session: &TenantSession) -> UnixTime {
    session.expires_at.min(session.idle_expires_at)
}
