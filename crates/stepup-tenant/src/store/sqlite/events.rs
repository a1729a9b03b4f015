//! The log and the inbox in SQLite.

use rusqlite::{Connection, Row, params};

use super::{
    SqliteStore, data, encode,
    query::{all, execute},
};
use crate::{
    model::{Channel, LogEvent, Message, Step},
    store::{Events, StoreError, Stored},
};

impl Events for SqliteStore {
    fn append_log<'a>(&'a self, events: &'a [LogEvent], step: Option<&'a Step>) -> Stored<'a, ()> {
        self.transact(move |transaction| {
            for event in events {
                execute(
                    &transaction,
                    "INSERT INTO log (kind, transaction_id, data) VALUES (?, ?, ?)",
                    params![event.kind, event.transaction_id, encode("a log event", event)?],
                )?;
            }
            if let Some(step) = step {
                execute(
                    &transaction,
                    "INSERT INTO steps (transaction_id, data) VALUES (?, ?)",
                    [&step.transaction_id, &encode("a request", step)?],
                )?;
            }
            Ok(transaction.commit()?)
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

    fn mark_message<'a>(&'a self, id: &'a str, undelivered: Option<&'a str>) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "UPDATE messages SET data = iif(?2 IS NULL, json_remove(data, '$.undelivered'),
                                                json_set(data, '$.undelivered', ?2))
                 WHERE seq = (SELECT seq FROM messages WHERE data ->> 'id' = ?1 ORDER BY seq DESC LIMIT 1)",
                params![id, undelivered],
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

/// Entries of the log, of its requests and of the inbox that are kept.
const KEPT: u32 = 10_000;

/// Drops the oldest entries of `table` that are too many, no more than `most`. Returns how many.
pub(super) fn drop_oldest(connection: &Connection, table: &str, most: u32) -> Result<u32, StoreError> {
    let statement = format!(
        "DELETE FROM {table}
         WHERE seq <= MIN((SELECT MAX(seq) FROM {table}) - ?1, (SELECT MIN(seq) FROM {table}) + ?2 - 1)"
    );
    let dropped = execute(connection, &statement, [KEPT, most])?;
    Ok(u32::try_from(dropped).unwrap_or(u32::MAX))
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
