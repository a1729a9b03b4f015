//! Sessions in SQLite.

use rusqlite::params;
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore, data, encode, insertion,
    query::{all, execute, one},
};
use crate::{
    model::{Digest, TenantSession},
    store::{Sessions, Stored},
};

impl Sessions for SqliteStore {
    fn insert_session<'a>(&'a self, cookie: &'a Digest, session: &'a TenantSession) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO sessions (id, cookie, data, expires_at) VALUES (?, ?, ?, ?)",
                params![
                    session.id,
                    cookie.as_bytes(),
                    encode("a session", session)?,
                    end(session).seconds(),
                ],
            )
            .map(drop)
            .map_err(insertion("the session"))
        })
    }

    fn session_by_cookie<'a>(&'a self, cookie: &'a Digest) -> Stored<'a, Option<TenantSession>> {
        self.read(move |connection| {
            one(
                connection,
                "SELECT data FROM sessions WHERE cookie = ?",
                [cookie.as_bytes()],
                data("a session"),
            )
        })
    }

    fn session<'a>(&'a self, id: &'a str) -> Stored<'a, Option<TenantSession>> {
        self.read(move |connection| {
            one(connection, "SELECT data FROM sessions WHERE id = ?", [id], data("a session"))
        })
    }

    fn update_session<'a>(&'a self, session: &'a TenantSession) -> Stored<'a, bool> {
        self.write(move |connection| {
            let updated = execute(
                connection,
                "UPDATE sessions SET data = ?, expires_at = ? WHERE id = ?",
                params![encode("a session", session)?, end(session).seconds(), session.id],
            )?;
            Ok(updated == 1)
        })
    }

    fn renew_session_cookie<'a>(&'a self, old: &'a Digest, new: &'a Digest) -> Stored<'a, bool> {
        self.write(move |connection| {
            let renewed = execute(
                connection,
                "UPDATE sessions SET cookie = ? WHERE cookie = ?",
                [new.as_bytes(), old.as_bytes()],
            )
            .map_err(insertion("the session"))?;
            Ok(renewed == 1)
        })
    }

    fn sessions_of<'a>(&'a self, user_id: &'a str) -> Stored<'a, Vec<TenantSession>> {
        self.read(move |connection| {
            all(
                connection,
                "SELECT data FROM sessions WHERE json_extract(data, '$.user_id') = ? ORDER BY rowid",
                [user_id],
                data("a session"),
            )
        })
    }

    fn expired_sessions(&self, now: UnixTime, limit: u32) -> Stored<'_, Vec<TenantSession>> {
        self.read(move |connection| {
            all(
                connection,
                "SELECT data FROM sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
                params![now.seconds(), limit],
                data("a session"),
            )
        })
    }

    fn delete_session<'a>(&'a self, id: &'a str) -> Stored<'a, bool> {
        self.write(move |connection| Ok(execute(connection, "DELETE FROM sessions WHERE id = ?", [id])? == 1))
    }
}

fn end(session: &TenantSession) -> UnixTime {
    session.expires_at.min(session.idle_expires_at)
}
