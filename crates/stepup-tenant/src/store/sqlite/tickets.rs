//! Tickets in SQLite.

use super::{SqliteStore, decode_row, encode, insertion};
use crate::{
    model::{Digest, Ticket},
    store::{StoreError, Stored, Tickets},
};

impl Tickets for SqliteStore {
    fn insert_ticket<'a>(&'a self, ticket: &'a Digest, value: &'a Ticket) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("INSERT INTO tickets (digest, data, expires_at) VALUES (?, ?, ?)")
                .bind(ticket.as_bytes())
                .bind(encode("a ticket", value)?)
                .bind(value.expires_at.seconds())
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(insertion("the ticket"))
        })
    }

    fn ticket<'a>(&'a self, ticket: &'a Digest) -> Stored<'a, Option<Ticket>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT data FROM tickets WHERE digest = ?")
                .bind(ticket.as_bytes())
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            decode_row("a ticket", row.as_ref())
        })
    }

    fn take_ticket<'a>(&'a self, ticket: &'a Digest) -> Stored<'a, Option<Ticket>> {
        Box::pin(async move {
            let row = sqlx::query("DELETE FROM tickets WHERE digest = ? RETURNING data")
                .bind(ticket.as_bytes())
                .fetch_optional(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            decode_row("a ticket", row.as_ref())
        })
    }
}
