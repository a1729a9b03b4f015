//! Used proofs in SQLite.

use rusqlite::params;
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, query::execute};
use crate::{
    model::Digest,
    store::{Replays, Stored},
};

impl Replays for SqliteStore {
    fn accept_proof<'a>(&'a self, proof: &'a Digest, until: UnixTime) -> Stored<'a, bool> {
        self.write(move |connection| {
            let inserted = execute(
                connection,
                "INSERT INTO used_proofs (digest, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                params![proof.as_bytes(), until.seconds()],
            )?;
            Ok(inserted == 1)
        })
    }
}
