//! Remembered browsers in SQLite.

use std::time::Duration;

use rusqlite::params;
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore,
    query::{execute, one},
};
use crate::{
    model::Digest,
    store::{BROWSER_IDLE, BROWSER_LIFETIME, Browsers, Stored},
};

/// The row is this user's and neither of its times is over: what lies at or before them is forgotten.
const REMEMBERED: &str = "digest = ? AND user_id = ? AND last_used_at > ? AND remembered_at > ?";

impl Browsers for SqliteStore {
    fn remember_browser<'a>(&'a self, cookie: &'a Digest, user_id: &'a str, now: UnixTime) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "INSERT OR REPLACE INTO browsers (digest, user_id, remembered_at, last_used_at) VALUES (?1, ?2, ?3, ?3)",
                params![cookie.as_bytes(), user_id, now.seconds()],
            )
            .map(drop)
        })
    }

    fn browser_remembered<'a>(
        &'a self,
        cookie: &'a Digest,
        user_id: &'a str,
        now: UnixTime,
    ) -> Stored<'a, bool> {
        self.read(move |connection| {
            let found = one(
                connection,
                &format!("SELECT 1 FROM browsers WHERE {REMEMBERED}"),
                params![
                    cookie.as_bytes(),
                    user_id,
                    before(now, BROWSER_IDLE),
                    before(now, BROWSER_LIFETIME),
                ],
                |_| Ok(()),
            )?;
            Ok(found.is_some())
        })
    }

    fn renew_browser<'a>(&'a self, cookie: &'a Digest, user_id: &'a str, now: UnixTime) -> Stored<'a, bool> {
        self.write(move |connection| {
            let renewed = execute(
                connection,
                &format!("UPDATE browsers SET remembered_at = ?, last_used_at = ? WHERE {REMEMBERED}"),
                params![
                    now.seconds(),
                    now.seconds(),
                    cookie.as_bytes(),
                    user_id,
                    before(now, BROWSER_IDLE),
                    before(now, BROWSER_LIFETIME),
                ],
            )?;
            Ok(renewed == 1)
        })
    }

    fn forget_browsers<'a>(&'a self, user_id: &'a str) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(connection, "DELETE FROM browsers WHERE user_id = ?", [user_id]).map(drop)
        })
    }
}

fn before(now: UnixTime, age: Duration) -> i64 {
    (now - age).seconds()
}
