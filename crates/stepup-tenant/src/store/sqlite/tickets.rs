//! Tickets in SQLite.

use rusqlite::params;

use super::{
    SqliteStore, data, encode, insertion,
    query::{execute, one},
};
use crate::{
    model::{Digest, Ticket},
    store::{Stored, Tickets},
};

impl Tickets for SqliteStore {
    fn insert_ticket<'a>(&'a self, ticket: &'a Digest, value: &'a Ticket) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO tickets (digest, data, expires_at) VALUES (?, ?, ?)",
                params![ticket.as_bytes(), encode("a ticket", value)?, value.expires_at.seconds()],
            )
            .map(drop)
            .map_err(insertion("the ticket"))
        })
    }

    fn ticket<'a>(&'a self, ticket: &'a Digest) -> Stored<'a, Option<Ticket>> {
        self.read(move |connection| {
            one(
                connection,
                "SELECT data FROM tickets WHERE digest = ?",
                [ticket.as_bytes()],
                data("a ticket"),
            )
        })
    }

    fn take_ticket<'a>(&'a self, ticket: &'a Digest) -> Stored<'a, Option<Ticket>> {
        self.write(move |connection| {
            one(
                connection,
                "DELETE FROM tickets WHERE digest = ? RETURNING data",
                [ticket.as_bytes()],
                data("a ticket"),
            )
        })
    }
}
