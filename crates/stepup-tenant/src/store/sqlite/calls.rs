//! Owed calls in SQLite. A call may hold a code and always holds secrets: it is sealed as a whole.

use rusqlite::{Row, params};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore, decode, encode, insertion,
    query::{all, execute, scalar},
};
use crate::{
    model::{Call, LogEvent},
    store::{Calls, ClaimedCall, StoreError, Stored},
};

impl Calls for SqliteStore {
    fn insert_call<'a>(&'a self, call: &'a Call, now: UnixTime) -> Stored<'a, ()> {
        self.write(move |connection| {
            let sealed = self.vault.seal(&call.id, &encode("a call", &Kept::from(call))?)?;
            execute(
                connection,
                "INSERT INTO calls (id, sealed, attempts, due_at) VALUES (?, ?, 0, ?)",
                params![call.id, sealed, now.seconds()],
            )
            .map(drop)
            .map_err(insertion("the call"))
        })
    }

    fn claim_calls(&self, now: UnixTime, again: UnixTime, limit: u32) -> Stored<'_, Vec<ClaimedCall>> {
        self.write(move |connection| {
            all(
                connection,
                "UPDATE calls SET attempts = attempts + 1, due_at = ?2 WHERE id IN
                     (SELECT id FROM calls WHERE due_at <= ?1 ORDER BY due_at LIMIT ?3)
                 RETURNING id, sealed, attempts, last_error",
                params![now.seconds(), again.seconds(), limit],
                |row| self.claimed(row),
            )
        })
    }

    fn postpone_call<'a>(&'a self, id: &'a str, error: &'a str, again: UnixTime) -> Stored<'a, ()> {
        self.write(move |connection| {
            let sql = "UPDATE calls SET due_at = ?, last_error = ? WHERE id = ?";
            execute(connection, sql, params![again.seconds(), error, id]).map(drop)
        })
    }

    fn delete_call<'a>(&'a self, id: &'a str) -> Stored<'a, ()> {
        self.write(move |connection| execute(connection, "DELETE FROM calls WHERE id = ?", [id]).map(drop))
    }

    fn next_call(&self) -> Stored<'_, Option<UnixTime>> {
        self.read(|connection| {
            let next: Option<i64> = scalar(connection, "SELECT MIN(due_at) FROM calls", [])?;
            Ok(next.map(UnixTime::from_seconds))
        })
    }
}

impl SqliteStore {
    fn claimed(&self, row: &Row<'_>) -> Result<ClaimedCall, StoreError> {
        let id: String = row.get("id")?;
        let sealed = row.get_ref("sealed")?.as_blob().map_err(rusqlite::Error::from)?;
        let kept: Kept = decode("a call", &self.vault.open(&id, sealed)?)?;
        Ok(ClaimedCall {
            attempt: row.get("attempts")?,
            last_error: row.get("last_error")?,
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
    #[serde(default)]
    is_message: bool,
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
            is_message: call.is_message,
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
            is_message: self.is_message,
            deadline: self.deadline,
            succeeded: self.succeeded,
            failed: self.failed,
        }
    }
}
