//! The tenant log and the inbox as an administrator reads them, in SQLite.

use rusqlite::params;

use super::{
    SqliteStore, data, events,
    query::{all, one},
    search::{Column, Table},
};
use crate::{
    model::{LogEvent, Message},
    store::{Found, Logs, Search, Stored},
};

impl Logs for SqliteStore {
    fn find_events<'a>(&'a self, search: &'a Search) -> Stored<'a, Found<LogEvent>> {
        self.search(|connection| LOG.find(connection, search, events::read_event))
    }

    fn find_messages<'a>(&'a self, search: &'a Search) -> Stored<'a, Found<Message>> {
        self.search(|connection| INBOX.find(connection, search, data("a message")))
    }

    fn event<'a>(&'a self, id: &'a str) -> Stored<'a, Option<LogEvent>> {
        self.read(move |connection| {
            let Some(sequence) = events::sequence(id) else { return Ok(None) };
            one(connection, "SELECT seq, data FROM log WHERE seq = ?", [sequence], events::read_event)
        })
    }

    fn events_after<'a>(&'a self, from: &'a str, limit: u32) -> Stored<'a, Vec<LogEvent>> {
        self.read(move |connection| {
            all(
                connection,
                "SELECT seq, data FROM log WHERE seq > ? ORDER BY seq LIMIT ?",
                params![events::sequence(from).unwrap_or(0), limit],
                events::read_event,
            )
        })
    }
}

/// What the log can be searched by: the members of an event on the wire.
const LOG: Table = Table {
    name: "log",
    columns: "seq, data",
    natural: "seq DESC",
    unique: "seq",
    column: log_column,
    default: &["description", "user_name", "user_id", "client_name", "client_id", "ip", "type"],
};

fn log_column(field: &str) -> Option<Column> {
    let text = |sql| Column::Text { sql, folds: false, indexed: false };
    Some(match field {
        "type" => text("kind"),
        "date" => Column::Time("data ->> 'date'"),
        "description" => Column::Text { sql: "data ->> 'description'", folds: true, indexed: false },
        "user_name" => Column::Text { sql: "data ->> 'user_name'", folds: true, indexed: false },
        "client_name" => Column::Text { sql: "data ->> 'client_name'", folds: true, indexed: false },
        "client_id" => text("data ->> 'client_id'"),
        "user_id" => text("data ->> 'user_id'"),
        "connection" => text("data ->> 'connection'"),
        "audience" => text("data ->> 'audience'"),
        "scope" => text("data ->> 'scope'"),
        "ip" => text("data ->> 'ip'"),
        "user_agent" => text("data ->> 'user_agent'"),
        "_id" | "log_id" => text("printf('900%026d', seq)"),
        nested => {
            let path = nested.strip_prefix("details.")?;
            Column::Json(
                "data",
                std::iter::once("details").chain(path.split('.')).map(str::to_owned).collect(),
            )
        }
    })
}

/// What the inbox can be searched by.
const INBOX: Table = Table {
    name: "messages",
    columns: "data",
    natural: "seq DESC",
    unique: "seq",
    column: message_column,
    default: &["to"],
};

fn message_column(field: &str) -> Option<Column> {
    (field == "to").then_some(Column::Text { sql: "recipient", folds: true, indexed: false })
}
