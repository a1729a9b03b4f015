//! Used proofs in SQLite.

use stepup_protocol::time::UnixTime;

use super::SqliteStore;
use crate::{
    model::Digest,
    store::{Replays, StoreError, Stored},
};

impl Replays for SqliteStore {
    fn accept_proof<'a>(&'a self, proof: &'a Digest, until: UnixTime) -> Stored<'a, bool> {
        Box::pin(async move {
            let inserted = sqlx::query(
                "INSERT INTO used_proofs (digest, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
            )
            .bind(proof.as_bytes())
            .bind(until.seconds())
            .execute(&self.writer)
            .await
            .map_err(StoreError::Database)?;
            Ok(inserted.rows_affected() == 1)
        })
    }
}
