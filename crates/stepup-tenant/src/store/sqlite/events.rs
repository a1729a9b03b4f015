//! The log and the inbox in SQLite.

use sqlx::{Row, sqlite::SqliteRow};

use super::{SqliteStore, decode, encode};
use crate::{
    model::{Channel, LogEvent, Message, Step},
    store::{Events, StoreError, Stored},
};

impl Events for SqliteStore {
    fn append_log<'a>(&'a self, events: &'a [LogEvent], steps: &'a [Step]) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            // One statement for all: the log of a busy tenant is written in batches of hundreds.
            sqlx::query(
                "INSERT INTO log (kind, transaction_id, data)
                 SELECT value ->> 'type', value ->> 'transaction_id', value FROM json_each(?) ORDER BY key",
            )
            .bind(encode("log events", &events)?)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::Database)?;
            sqlx::query("DELETE FROM log WHERE seq <= (SELECT MAX(seq) FROM log) - ?")
                .bind(KEPT)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            sqlx::query(
                "INSERT INTO steps (transaction_id, data)
                 SELECT value ->> 'transaction_id', value FROM json_each(?) ORDER BY key",
            )
            .bind(encode("requests", &steps)?)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::Database)?;
            sqlx::query("DELETE FROM steps WHERE seq <= (SELECT MAX(seq) FROM steps) - ?")
                .bind(KEPT)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            transaction.commit().await.map_err(StoreError::Database)
        })
    }

    fn log<'a>(&'a self, kind: Option<&'a str>, limit: u32) -> Stored<'a, Vec<LogEvent>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT seq, data FROM log WHERE ?1 IS NULL OR kind = ?1 ORDER BY seq DESC LIMIT ?2",
            )
            .bind(kind)
            .bind(limit)
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            rows.iter().map(read_event).collect()
        })
    }

    fn insert_message<'a>(&'a self, message: &'a Message) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            sqlx::query("INSERT INTO messages (channel, recipient, data) VALUES (?, ?, ?)")
                .bind(message.channel.as_str())
                .bind(&message.to)
                .bind(encode("a message", message)?)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            sqlx::query("DELETE FROM messages WHERE seq <= (SELECT MAX(seq) FROM messages) - ?")
                .bind(KEPT)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            transaction.commit().await.map_err(StoreError::Database)
        })
    }

    fn messages<'a>(
        &'a self,
        to: Option<&'a str>,
        channel: Option<Channel>,
        limit: u32,
    ) -> Stored<'a, Vec<Message>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT data FROM messages WHERE (?1 IS NULL OR recipient = ?1) AND (?2 IS NULL OR channel = ?2)
                 ORDER BY seq DESC LIMIT ?3",
            )
            .bind(to)
            .bind(channel.map(Channel::as_str))
            .bind(limit)
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            rows.iter()
                .map(|row| decode("a message", row.try_get("data").map_err(StoreError::Database)?))
                .collect()
        })
    }
}

/// The event in a row of the log.
pub(super) fn read_event(row: &SqliteRow) -> Result<LogEvent, StoreError> {
    let event: LogEvent = decode("a log event", row.try_get("data").map_err(StoreError::Database)?)?;
    let sequence: i64 = row.try_get("seq").map_err(StoreError::Database)?;
    Ok(LogEvent { id: format!("900{sequence:026}"), ..event })
}

/// The place of the event with this id; none where it is not one of ours.
pub(super) fn sequence(id: &str) -> Option<i64> {
    id.strip_prefix("900").filter(|digits| digits.len() == 26)?.parse().ok()
}

/// How many events, requests and messages are kept, the newest.
const KEPT: i64 = 100_000;
