//! The log and the inbox in SQLite, which keeps the newest of each by itself.

use rusqlite::{Row, params};

use super::{
    SqliteStore, data, encode,
    query::{all, execute},
};
use crate::{
    model::{Channel, LogEvent, Message, Step},
    store::{Events, StoreError, Stored},
};

impl Events for SqliteStore {
    fn append_log<'a>(&'a self, events: &'a [LogEvent], steps: &'a [Step]) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO journal (events, steps) VALUES (?, ?)",
                [encode("log events", &events)?, encode("requests", &steps)?],
            )
            .map(drop)
        })
    }

    fn log<'a>(&'a self, kind: Option<&'a str>, limit: u32) -> Stored<'a, Vec<LogEvent>> {
        self.read(move |connection| {
            all(
                connection,
                "SELECT seq, data FROM log WHERE ?1 IS NULL OR kind = ?1 ORDER BY seq DESC LIMIT ?2",
                params![kind, limit],
                read_event,
            )
        })
    }

    fn insert_message<'a>(&'a self, message: &'a Message) -> Stored<'a, ()> {
        self.write(|connection| {
            execute(
                connection,
                "INSERT INTO messages (channel, recipient, data) VALUES (?, ?, ?)",
                params![message.channel.as_str(), message.to, encode("a message", message)?],
            )
            .map(drop)
        })
    }

    fn messages<'a>(
        &'a self,
        to: Option<&'a str>,
        channel: Option<Channel>,
        limit: u32,
    ) -> Stored<'a, Vec<Message>> {
        self.read(move |connection| {
            all(
                connection,
                "SELECT data FROM messages WHERE (?1 IS NULL OR recipient = ?1) AND (?2 IS NULL OR channel = ?2)
                 ORDER BY seq DESC LIMIT ?3",
                params![to, channel.map(Channel::as_str), limit],
                data("a message"),
            )
        })
    }
}

/// The event in a row of the log.
pub(super) fn read_event(row: &Row<'_>) -> Result<LogEvent, StoreError> {
    let event: LogEvent = data("a log event")(row)?;
    let sequence: i64 = row.get("seq")?;
    Ok(LogEvent { id: format!("900{sequence:026}"), ..event })
}

/// The place of the event with this id; none where it is not one of ours.
pub(super) fn sequence(id: &str) -> Option<i64> {
    id.strip_prefix("900").filter(|digits| digits.len() == 26)?.parse().ok()
}
