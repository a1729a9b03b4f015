//! The log and the inbox in SQLite, which keeps the newest of each by itself.

use sqlx::{Row, sqlite::SqliteRow};

use super::{SqliteStore, decode, encode};
use crate::{
    model::{Channel, LogEvent, Message, Step},
    store::{Events, StoreError, Stored},
};

impl Events for SqliteStore {
    fn append_log<'a>(&'a self, events: &'a [LogEvent], steps: &'a [Step]) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("INSERT INTO journal (events, steps) VALUES (?, ?)")
                .bind(encode("log events", &events)?)
                .bind(encode("requests", &steps)?)
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(StoreError::Database)
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
            sqlx::query("INSERT INTO messages (channel, recipient, data) VALUES (?, ?, ?)")
                .bind(message.channel.as_str())
                .bind(&message.to)
                .bind(encode("a message", message)?)
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(StoreError::Database)
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
