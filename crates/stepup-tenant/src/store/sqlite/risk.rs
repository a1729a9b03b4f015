//! Known browsers and signals in SQLite.

use sqlx::Row;
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, decode, encode};
use crate::{
    model::{Digest, KnownDevice},
    risk::Signal,
    store::{DEVICE_LIFETIME, Risk, StoreError, Stored},
};

impl Risk for SqliteStore {
    fn known_devices<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, Vec<KnownDevice>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT device, user_agent, last_seen_at FROM known_devices
                 WHERE user_id = ? AND last_seen_at > ? ORDER BY last_seen_at DESC LIMIT 100",
            )
            .bind(user_id)
            .bind((now - DEVICE_LIFETIME).seconds())
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            let device = |row: &sqlx::sqlite::SqliteRow| {
                let bytes: &[u8] = row.try_get("device").map_err(StoreError::Database)?;
                Ok(KnownDevice {
                    device: Digest::from_bytes(bytes).ok_or_else(|| StoreError::Corrupt {
                        what: "the mark of a browser",
                        reason: "it is no digest".to_owned(),
                    })?,
                    user_agent: row.try_get("user_agent").map_err(StoreError::Database)?,
                    last_seen_at: UnixTime::from_seconds(
                        row.try_get("last_seen_at").map_err(StoreError::Database)?,
                    ),
                })
            };
            rows.iter().map(device).collect()
        })
    }

    fn remember_device<'a>(&'a self, user_id: &'a str, device: &'a KnownDevice) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO known_devices (user_id, device, user_agent, last_seen_at) VALUES (?, ?, ?, ?)
                 ON CONFLICT DO UPDATE SET user_agent = excluded.user_agent, last_seen_at = excluded.last_seen_at",
            )
            .bind(user_id)
            .bind(device.device.as_bytes())
            .bind(&device.user_agent)
            .bind(device.last_seen_at.seconds())
            .execute(&self.writer)
            .await
            .map_err(StoreError::Database)?;
            Ok(())
        })
    }

    fn forget_devices<'a>(&'a self, user_id: &'a str) -> Stored<'a, u64> {
        Box::pin(async move {
            let deleted = sqlx::query("DELETE FROM known_devices WHERE user_id = ?")
                .bind(user_id)
                .execute(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            Ok(deleted.rows_affected())
        })
    }

    fn add_signal<'a>(&'a self, signal: &'a Signal) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("INSERT INTO risk_signals (data) VALUES (?)")
                .bind(encode("a risk signal", signal)?)
                .execute(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            Ok(())
        })
    }

    fn signals(&self) -> Stored<'_, Vec<Signal>> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT data FROM (SELECT seq, data FROM risk_signals ORDER BY seq DESC LIMIT 1000) ORDER BY seq",
            )
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            rows.iter()
                .map(|row| decode("a risk signal", row.try_get("data").map_err(StoreError::Database)?))
                .collect()
        })
    }

    fn clear_signals(&self) -> Stored<'_, ()> {
        Box::pin(async move {
            sqlx::query("DELETE FROM risk_signals")
                .execute(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            Ok(())
        })
    }
}
