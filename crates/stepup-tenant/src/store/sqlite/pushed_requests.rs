//! Pushed authorization requests in SQLite.

use super::{SqliteStore, decode_row, encode, insertion};
use crate::{
    model::{Digest, PushedRequest},
    store::{PushedRequests, StoreError, Stored},
};

impl PushedRequests for SqliteStore {
    fn insert_pushed_request<'a>(&'a self, uri: &'a Digest, request: &'a PushedRequest) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO pushed_requests (digest, client_id, data, expires_at) VALUES (?, ?, ?, ?)",
            )
            .bind(uri.as_bytes())
            .bind(&request.client_id)
            .bind(encode("a pushed request", request)?)
            .bind(request.expires_at.seconds())
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(insertion("the pushed request"))
        })
    }

    fn take_pushed_request<'a>(
        &'a self,
        uri: &'a Digest,
        client_id: &'a str,
    ) -> Stored<'a, Option<PushedRequest>> {
        Box::pin(async move {
            let row =
                sqlx::query("DELETE FROM pushed_requests WHERE digest = ? AND client_id = ? RETURNING data")
                    .bind(uri.as_bytes())
                    .bind(client_id)
                    .fetch_optional(&self.writer)
                    .await
                    .map_err(StoreError::Database)?;
            decode_row("a pushed request", row.as_ref())
        })
    }
}
