//! Pushed authorization requests in SQLite.

use rusqlite::params;

use super::{
    SqliteStore, data, encode, insertion,
    query::{execute, one},
};
use crate::{
    model::{Digest, PushedRequest},
    store::{PushedRequests, Stored},
};

impl PushedRequests for SqliteStore {
    fn insert_pushed_request<'a>(&'a self, uri: &'a Digest, request: &'a PushedRequest) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO pushed_requests (digest, client_id, data, expires_at) VALUES (?, ?, ?, ?)",
                params![
                    uri.as_bytes(),
                    request.client_id,
                    encode("a pushed request", request)?,
                    request.expires_at.seconds(),
                ],
            )
            .map(drop)
            .map_err(insertion("the pushed request"))
        })
    }

    fn take_pushed_request<'a>(
        &'a self,
        uri: &'a Digest,
        client_id: &'a str,
    ) -> Stored<'a, Option<PushedRequest>> {
        self.write(move |connection| {
            one(
                connection,
                "DELETE FROM pushed_requests WHERE digest = ? AND client_id = ? RETURNING data",
                params![uri.as_bytes(), client_id],
                data("a pushed request"),
            )
        })
    }
}
