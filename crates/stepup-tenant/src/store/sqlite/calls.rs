//! Owed calls in SQLite. A call may hold a code and always holds secrets: it is sealed as a whole.

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sqlx::{Row, sqlite::SqliteRow};
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, decode, encode, insertion};
use crate::{
    model::{Call, LogEvent},
    store::{Calls, ClaimedCall, StoreError, Stored},
};

impl Calls for SqliteStore {
    fn insert_call<'a>(&'a self, call: &'a Call, now: UnixTime) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("INSERT INTO calls (id, sealed, attempts, due_at) VALUES (?, ?, 0, ?)")
                .bind(&call.id)
                .bind(self.vault.seal(&call.id, &encode("a call", &Kept::from(call))?)?)
                .bind(now.seconds())
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(insertion("the call"))
        })
    }

    fn claim_calls(&self, now: UnixTime, again: UnixTime, limit: u32) -> Stored<'_, Vec<ClaimedCall>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "UPDATE calls SET attempts = attempts + 1, due_at = ?2 WHERE id IN
                     (SELECT id FROM calls WHERE due_at <= ?1 ORDER BY due_at LIMIT ?3)
                 RETURNING id, sealed, attempts",
            )
            .bind(now.seconds())
            .bind(again.seconds())
            .bind(limit)
            .fetch_all(&self.writer)
            .await
            .map_err(StoreError::Database)?;
            rows.iter().map(|row| self.claimed(row)).collect()
        })
    }

    fn postpone_call<'a>(&'a self, id: &'a str, again: UnixTime) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("UPDATE calls SET due_at = ? WHERE id = ?")
                .bind(again.seconds())
                .bind(id)
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(StoreError::Database)
        })
    }

    fn delete_call<'a>(&'a self, id: &'a str) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("DELETE FROM calls WHERE id = ?")
                .bind(id)
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(StoreError::Database)
        })
    }

    fn next_call(&self) -> Stored<'_, Option<UnixTime>> {
        Box::pin(async move {
            let next: Option<i64> = sqlx::query("SELECT MIN(due_at) FROM calls")
                .fetch_one(&self.reader)
                .await
                .and_then(|row| row.try_get(0))
                .map_err(StoreError::Database)?;
            Ok(next.map(UnixTime::from_seconds))
        })
    }
}

impl SqliteStore {
    fn claimed(&self, row: &SqliteRow) -> Result<ClaimedCall, StoreError> {
        let id: String = row.try_get("id").map_err(StoreError::Database)?;
        let sealed: &[u8] = row.try_get("sealed").map_err(StoreError::Database)?;
        let kept: Kept = decode("a call", &self.vault.open(&id, sealed)?)?;
        Ok(ClaimedCall {
            attempt: row.try_get("attempts").map_err(StoreError::Database)?,
            call: kept.call(id),
        })
    }
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    url: String,
    content_type: String,
    body: String,
    secret: Option<String>,
    deadline: UnixTime,
    succeeded: Option<LogEvent>,
    failed: Option<LogEvent>,
}

impl From<&Call> for Kept {
    fn from(call: &Call) -> Self {
        Self {
            url: call.url.clone(),
            content_type: call.content_type.clone(),
            body: call.body.expose_secret().to_owned(),
            secret: call.secret.as_ref().map(|secret| secret.expose_secret().to_owned()),
            deadline: call.deadline,
            succeeded: call.succeeded.clone(),
            failed: call.failed.clone(),
        }
    }
}

impl Kept {
    fn call(self, id: String) -> Call {
        Call {
            id,
            url: self.url,
            content_type: self.content_type,
            body: self.body.into(),
            secret: self.secret.map(Into::into),
            deadline: self.deadline,
            succeeded: self.succeeded,
            failed: self.failed,
        }
    }
}
