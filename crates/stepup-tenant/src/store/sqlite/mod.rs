//! The store on SQLite: in memory, or a file.
//!
//! One connection writes, so that writers queue here instead of failing on a lock; a file has a few more that read.
//! Several processes may share a file: a write transaction begins with `BEGIN IMMEDIATE` and waits for its turn.

mod accounts;
mod action_versions;
mod authenticator_row;
mod authenticators;
mod browsers;
mod calls;
mod consents;
mod directory;
mod events;
mod grants;
mod holdings;
mod imports;
mod jobs;
mod limits;
mod logs;
mod migrations;
mod oob;
mod proofs;
mod pushed_requests;
mod quotas;
mod replays;
mod risk;
mod search;
mod sessions;
mod settings;
mod statistics;
mod tickets;
mod traces;
mod transactions;
mod users;

use std::{str::FromStr, time::Duration};

use futures_util::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{
    Row, Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use stepup_protocol::time::UnixTime;

use super::{BROWSER_IDLE, DEVICE_LIFETIME, Store, StoreError, Stored, Vault};

/// Pages of the write-ahead log at which a writer empties it itself: 64 MiB, far more than is written between two checkpoints.
const LONGEST_LOG: &str = "16384";

/// Connections of a file that read; a checkpoint takes one of them.
const READERS: u32 = 3;

/// A store on SQLite.
#[derive(Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    reader: SqlitePool,
    vault: Vault,
}

impl SqliteStore {
    /// Opens the database at `url` (`sqlite::memory:` or `sqlite://FILE`) and brings its tables up to date.
    ///
    /// A file is made if it is missing.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for another address, [`StoreError::Open`] where the file cannot be opened,
    /// [`StoreError::TooNew`] where a newer program wrote it.
    pub async fn open(url: &str, vault: Vault) -> Result<Self, StoreError> {
        if !url.starts_with("sqlite:") {
            return Err(StoreError::Unsupported { url: url.to_owned() });
        }
        let failed = |source| StoreError::Open { url: url.to_owned(), source };
        let options = SqliteConnectOptions::from_str(url)
            .map_err(failed)?
            .create_if_missing(true)
            .busy_timeout(Duration::from_secs(5));
        let store = if in_memory(url) {
            let only = pool(1).connect_with(options).await.map_err(failed)?;
            Self { writer: only.clone(), reader: only, vault }
        } else {
            // NORMAL: in WAL mode a commit outlives the process whenever it is killed, and the file stays sound. What a loss of
            // power could take is the last moments before it, which a local tenant need not pay for with a sync a commit.
            let options = options
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .pragma("wal_autocheckpoint", LONGEST_LOG);
            let writer = pool(1).connect_with(options.clone()).await.map_err(failed)?;
            Self { writer, reader: pool(READERS).connect_lazy_with(options), vault }
        };
        migrations::run(&store.writer).await?;
        Ok(store)
    }

    /// Begins a transaction that writes.
    async fn begin(&self) -> Result<Transaction<'_, Sqlite>, StoreError> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::Database)
    }
}

/// Whether the database at `url` is gone with its process.
pub(crate) fn in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

fn pool(connections: u32) -> SqlitePoolOptions {
    // A connection of a database in memory *is* the database: it is never closed for being old or idle.
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

impl Store for SqliteStore {
    fn clear(&self) -> Stored<'_, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            sqlx::raw_sql(
                "DELETE FROM users; DELETE FROM earlier_passwords; DELETE FROM authenticators; DELETE FROM sessions; DELETE FROM codes;
                 DELETE FROM refresh_tokens; DELETE FROM revoked_families; DELETE FROM logins;
                 DELETE FROM mfa_transactions; DELETE FROM oob; DELETE FROM buckets; DELETE FROM log; DELETE FROM messages;
                 DELETE FROM tickets; DELETE FROM browsers; DELETE FROM consents;
                 DELETE FROM steps; DELETE FROM known_devices; DELETE FROM risk_signals;
                 DELETE FROM quotas; DELETE FROM action_versions; DELETE FROM pushed_requests; DELETE FROM used_proofs; DELETE FROM calls;
                 DELETE FROM settings; DELETE FROM imports; DELETE FROM jobs; UPDATE settings_version SET version = version + 1;",
            )
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::Database)?;
            transaction.commit().await.map_err(StoreError::Database)
        })
    }

    fn sweep(&self, now: UnixTime) -> Stored<'_, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            for &(statement, kept) in SWEEP {
                sqlx::query(statement)
                    .bind((now - kept).seconds())
                    .execute(&mut *transaction)
                    .await
                    .map_err(StoreError::Database)?;
            }
            transaction.commit().await.map_err(StoreError::Database)
        })
    }

    fn checkpoint(&self) -> Stored<'_, ()> {
        Box::pin(async move {
            // Passive: it waits for nobody, and nobody for it. What is in use is left for the next time.
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
                .execute(&self.reader)
                .await
                .map(drop)
                .map_err(StoreError::Database)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.reader.close().await;
            self.writer.close().await;
        })
    }
}

const DAY: u64 = 86_400;

/// What goes, and how long after its end: replays of a code or a refresh token are told from unknown ones for a while.
const SWEEP: &[(&str, Duration)] = &[
    ("DELETE FROM known_devices WHERE last_seen_at < ?", DEVICE_LIFETIME),
    ("DELETE FROM sessions WHERE expires_at < ?", Duration::ZERO),
    ("DELETE FROM codes WHERE expires_at < ?", Duration::from_secs(DAY)),
    ("DELETE FROM logins WHERE expires_at < ?", Duration::from_secs(3600)),
    ("DELETE FROM mfa_transactions WHERE expires_at < ?", Duration::from_secs(DAY)),
    ("DELETE FROM refresh_tokens WHERE expires_at < ?", Duration::ZERO),
    ("DELETE FROM refresh_tokens WHERE retired_at < ?", Duration::from_secs(40 * DAY)),
    ("DELETE FROM revoked_families WHERE revoked_at < ?", Duration::from_secs(400 * DAY)),
    ("DELETE FROM authenticators WHERE confirmed_at IS NULL AND created_at < ?", Duration::from_secs(DAY)),
    ("DELETE FROM pushed_requests WHERE expires_at < ?", Duration::ZERO),
    ("DELETE FROM used_proofs WHERE expires_at < ?", Duration::ZERO),
    ("DELETE FROM buckets WHERE full_at < ?", Duration::ZERO),
    ("DELETE FROM oob WHERE expires_at < ?", Duration::from_secs(DAY)),
    ("DELETE FROM tickets WHERE expires_at < ?", Duration::from_secs(DAY)),
    ("DELETE FROM browsers WHERE last_used_at < ?", BROWSER_IDLE),
    ("DELETE FROM jobs WHERE created_at < ?", Duration::from_secs(DAY)),
    ("DELETE FROM quotas WHERE began_at < ?", Duration::from_secs(3600)),
];

/// The JSON of a value for a column.
fn encode(what: &'static str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt { what, reason: error.to_string() })
}

/// The value of a JSON column.
fn decode<T: DeserializeOwned>(what: &'static str, json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Corrupt { what, reason: error.to_string() })
}

/// The value in the column `data` of a row that may be there.
fn decode_row<T: DeserializeOwned>(
    what: &'static str,
    row: Option<&SqliteRow>,
) -> Result<Option<T>, StoreError> {
    row.map(|row| decode(what, row.try_get::<&str, _>("data").map_err(StoreError::Database)?)).transpose()
}

/// The error of an insertion: a conflict where the key is taken.
fn insertion(what: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StoreError::Conflict { what },
        _ => StoreError::Database(error),
    }
}
