//! What users hold, in SQLite.

use rusqlite::params;
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore, data,
    query::{all, execute, one},
};
use crate::{
    model::RefreshToken,
    store::{Holdings, Stored},
};

impl Holdings for SqliteStore {
    fn refresh_tokens_of<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, Vec<RefreshToken>> {
        self.read(move |connection| {
            all(
                connection,
                "SELECT data FROM refresh_tokens AS held
                 WHERE user_id = ? AND retired_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
                   AND NOT EXISTS (SELECT 1 FROM revoked_families WHERE revoked_families.family = held.family)
                 ORDER BY seq",
                params![user_id, now.seconds()],
                data("a refresh token"),
            )
        })
    }

    fn refresh_token_by_id<'a>(&'a self, id: &'a str) -> Stored<'a, Option<RefreshToken>> {
        self.read(move |connection| {
            one(
                connection,
                "SELECT data FROM refresh_tokens AS held
                 WHERE id = ? AND retired_at IS NULL
                   AND NOT EXISTS (SELECT 1 FROM revoked_families WHERE revoked_families.family = held.family)",
                [id],
                data("a refresh token"),
            )
        })
    }

    fn revoke_refresh_tokens<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO revoked_families (family, revoked_at)
                 SELECT DISTINCT family, ? FROM refresh_tokens WHERE user_id = ? ON CONFLICT DO NOTHING",
                params![now.seconds(), user_id],
            )
            .map(drop)
        })
    }
}
