//! Known browsers and signals in SQLite.

use rusqlite::{Row, params};
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore, data, encode,
    query::{all, execute},
};
use crate::{
    model::{Digest, KnownDevice},
    risk::Signal,
    store::{DEVICE_LIFETIME, Risk, StoreError, Stored},
};

impl Risk for SqliteStore {
    fn known_devices<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, Vec<KnownDevice>> {
        self.read(move |connection| {
            all(
                connection,
                "SELECT device, user_agent, last_seen_at FROM known_devices
                 WHERE user_id = ? AND last_seen_at > ? ORDER BY last_seen_at DESC LIMIT 100",
                params![user_id, (now - DEVICE_LIFETIME).seconds()],
                read_device,
            )
        })
    }

    fn remember_device<'a>(&'a self, user_id: &'a str, device: &'a KnownDevice) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO known_devices (user_id, device, user_agent, last_seen_at) VALUES (?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET user_agent = excluded.user_agent, last_seen_at = excluded.last_seen_at",
                params![user_id, device.device.as_bytes(), device.user_agent, device.last_seen_at.seconds()],
            )
            .map(drop)
        })
    }

    fn forget_devices<'a>(&'a self, user_id: &'a str) -> Stored<'a, u64> {
        self.write(move |connection| {
            let deleted = execute(connection, "DELETE FROM known_devices WHERE user_id = ?", [user_id])?;
            Ok(deleted as u64)
        })
    }

    fn add_signal<'a>(&'a self, signal: &'a Signal) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO risk_signals (data) VALUES (?)",
                [encode("a risk signal", signal)?],
            )
            .map(drop)
        })
    }

    fn signals(&self) -> Stored<'_, Vec<Signal>> {
        self.read(|connection| {
            all(
                connection,
                "SELECT data FROM (SELECT seq, data FROM risk_signals ORDER BY seq DESC LIMIT 1000) ORDER BY seq",
                [],
                data("a risk signal"),
            )
        })
    }

    fn clear_signals(&self) -> Stored<'_, ()> {
        self.write(|connection| execute(connection, "DELETE FROM risk_signals", []).map(drop))
    }
}

fn read_device(row: &Row<'_>) -> Result<KnownDevice, StoreError> {
    let device = row.get_ref("device")?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(KnownDevice {
        device: Digest::from_bytes(device).ok_or_else(|| StoreError::Corrupt {
            what: "the mark of a browser",
            reason: "it is no digest".to_owned(),
        })?,
        user_agent: row.get("user_agent")?,
        last_seen_at: UnixTime::from_seconds(row.get("last_seen_at")?),
    })
}
