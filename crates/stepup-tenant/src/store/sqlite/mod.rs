//! The store on SQLite: in memory, or a file.
//!
//! A statement takes microseconds, less than it takes to hand it to another thread: each runs where it was called for.
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
mod query;
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

use std::{
    sync::{Mutex, MutexGuard, PoisonError, TryLockError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, ffi};
use serde::{Serialize, de::DeserializeOwned};
use stepup_protocol::time::UnixTime;
use tokio::runtime::{Handle, RuntimeFlavor};

use self::query::execute;
use super::{BROWSER_IDLE, DEVICE_LIFETIME, Store, StoreError, Stored, Vault};

/// Pages of the write-ahead log at which a writer empties it itself: 64 MiB, far more than is written between two checkpoints.
const LONGEST_LOG: u32 = 16_384;

/// Connections of a file that read; a checkpoint takes one of them.
const READERS: usize = 3;

/// How long a writer waits for one of another process.
const BUSY: Duration = Duration::from_secs(5);

/// Statements that a connection keeps prepared: more than there are in this room.
const STATEMENTS: usize = 256;

/// A store on SQLite.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Place,
    /// None where the database is in memory: there the writer reads too.
    readers: Vec<Place>,
    vault: Vault,
}

/// Where a connection is; none once it was closed.
type Place = Mutex<Option<Connection>>;

impl SqliteStore {
    /// Opens the database at `url` (`sqlite::memory:` or `sqlite://FILE`) and brings its tables up to date.
    ///
    /// A file is made if it is missing. What the address says after a `?` is as SQLite's own addresses say it.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for another address, [`StoreError::Open`] where the file cannot be opened,
    /// [`StoreError::TooNew`] where a newer program wrote it.
    pub fn open(url: &str, vault: Vault) -> Result<Self, StoreError> {
        let address = address(url).ok_or_else(|| StoreError::Unsupported { url: url.to_owned() })?;
        let failed = |source| StoreError::Open { url: url.to_owned(), source };
        let mut writer = connect(&address).map_err(failed)?;
        let mut readers = Vec::new();
        if !in_memory(url) {
            outlive_the_process(&writer).map_err(failed)?;
            for _ in 0..READERS {
                readers.push(place(connect(&address).map_err(failed)?));
            }
        }
        migrations::run(&mut writer)?;
        Ok(Self { writer: place(writer), readers, vault })
    }

    /// Reads a few rows, with the connection that writes where it is free: the others forget what they have read whenever it
    /// has written. Work on one connection must not ask for another: in memory they are the same.
    fn read<'a, T>(
        &'a self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'a,
    ) -> Stored<'a, T> {
        Box::pin(async move {
            let connection = free(&self.writer).unwrap_or_else(|| self.reader());
            work(connection.as_ref().ok_or(StoreError::Closed)?)
        })
    }

    /// Reads what may take long, and keeps nobody from writing.
    fn search<'a, T>(
        &'a self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'a,
    ) -> Stored<'a, T> {
        Box::pin(async move { at_length(|| work(self.reader().as_ref().ok_or(StoreError::Closed)?)) })
    }

    /// Writes with one statement.
    fn write<'a, T>(
        &'a self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'a,
    ) -> Stored<'a, T> {
        Box::pin(async move { work(lock(&self.writer).as_ref().ok_or(StoreError::Closed)?) })
    }

    /// Writes all or nothing: the work commits, or what it did is undone.
    fn transact<'a, T>(
        &'a self,
        work: impl FnOnce(Transaction<'_>) -> Result<T, StoreError> + Send + 'a,
    ) -> Stored<'a, T> {
        Box::pin(async move {
            let mut writer = lock(&self.writer);
            let writer = writer.as_mut().ok_or(StoreError::Closed)?;
            work(writer.transaction_with_behavior(TransactionBehavior::Immediate)?)
        })
    }

    /// A reader that is free, or the first one once it is.
    fn reader(&self) -> MutexGuard<'_, Option<Connection>> {
        let any = || lock(self.readers.first().unwrap_or(&self.writer));
        self.readers.iter().find_map(free).unwrap_or_else(any)
    }
}

fn place(connection: Connection) -> Place {
    Mutex::new(Some(connection))
}

/// A panic leaves no transaction behind: what it did is undone as it goes.
fn lock(place: &Place) -> MutexGuard<'_, Option<Connection>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The address as SQLite has it.
fn address(url: &str) -> Option<String> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    // With the name of no host: two slashes of a path would begin one.
    let host = if path.starts_with('/') { "//" } else { "" };
    Some(format!("file:{host}{path}"))
}

fn free(place: &Place) -> Option<MutexGuard<'_, Option<Connection>>> {
    match place.try_lock() {
        Ok(free) => Some(free),
        Err(TryLockError::Poisoned(free)) => Some(free.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn connect(address: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(address)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

/// In WAL mode a commit outlives the process whenever it is killed, and the file stays sound. What a loss of power could take,
/// as no commit waits for the disk (`synchronous = NORMAL`), is the last moments before it: a local tenant need not pay for them.
fn outlive_the_process(writer: &Connection) -> rusqlite::Result<()> {
    writer.pragma_update(None, "journal_mode", "WAL")?;
    writer.pragma_update(None, "wal_autocheckpoint", LONGEST_LOG)
}

/// Whether the database at `url` is gone with its process.
pub(crate) fn in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

/// Does what may take long; the other tasks of this thread go on elsewhere, where the runtime has other threads.
fn at_length<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

impl Store for SqliteStore {
    fn clear(&self) -> Stored<'_, ()> {
        self.transact(|transaction| {
            transaction.execute_batch(
                "DELETE FROM users; DELETE FROM earlier_passwords; DELETE FROM authenticators; DELETE FROM sessions; DELETE FROM codes;
                 DELETE FROM refresh_tokens; DELETE FROM revoked_families; DELETE FROM logins;
                 DELETE FROM mfa_transactions; DELETE FROM oob; DELETE FROM buckets; DELETE FROM log; DELETE FROM messages;
                 DELETE FROM tickets; DELETE FROM browsers; DELETE FROM consents;
                 DELETE FROM steps; DELETE FROM known_devices; DELETE FROM risk_signals;
                 DELETE FROM quotas; DELETE FROM action_versions; DELETE FROM pushed_requests; DELETE FROM used_proofs; DELETE FROM calls;
                 DELETE FROM settings; DELETE FROM imports; DELETE FROM jobs; UPDATE settings_version SET version = version + 1;",
            )?;
            Ok(transaction.commit()?)
        })
    }

    fn sweep(&self, now: UnixTime) -> Stored<'_, ()> {
        self.transact(move |transaction| {
            at_length(|| {
                for &(statement, kept) in SWEEP {
                    execute(&transaction, statement, [(now - kept).seconds()])?;
                }
                Ok(transaction.commit()?)
            })
        })
    }

    fn tidy(&self) -> Stored<'_, ()> {
        Box::pin(async move {
            for table in ["log", "messages", "steps"] {
                // Few at a time: requests write in between.
                while self.write(move |writer| events::drop_oldest(writer, table, AT_ONCE)).await? == AT_ONCE
                {
                    tokio::task::yield_now().await;
                }
            }
            // Passive: it waits for nobody, and nobody for it. What is in use is left for the next time.
            let checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
            self.search(|reader| Ok(reader.query_row(checkpoint, [], |_| Ok(()))?)).await
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for place in self.readers.iter().chain([&self.writer]) {
                drop(lock(place).take());
            }
        })
    }
}

/// Entries that are dropped in one transaction.
const AT_ONCE: u32 = 200;

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

/// The value in the JSON column `data`.
fn data<T: DeserializeOwned>(what: &'static str) -> impl Fn(&Row<'_>) -> Result<T, StoreError> {
    move |row| decode(what, text(row, "data")?)
}

/// The text in a column, not copied.
fn text<'r>(row: &'r Row<'_>, column: &str) -> Result<&'r str, StoreError> {
    Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

/// The error of an insertion: a conflict where the key is taken.
fn insertion(what: &'static str) -> impl Fn(StoreError) -> StoreError {
    move |error| match &error {
        StoreError::Database(rusqlite::Error::SqliteFailure(failure, _))
            if [ffi::SQLITE_CONSTRAINT_PRIMARYKEY, ffi::SQLITE_CONSTRAINT_UNIQUE]
                .contains(&failure.extended_code) =>
        {
            StoreError::Conflict { what }
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_is_passed_on_as_sqlite_has_it() {
        for (url, expected) in [
            ("sqlite::memory:", "file::memory:"),
            ("sqlite:tenant.db", "file:tenant.db"),
            ("sqlite://tenant.db", "file:tenant.db"),
            ("sqlite://data/tenant.db?mode=rwc", "file:data/tenant.db?mode=rwc"),
            ("sqlite:///data/a%20b.db", "file:///data/a%20b.db"),
            ("sqlite:////data/tenant.db", "file:////data/tenant.db"),
        ] {
            assert_eq!(address(url).as_deref(), Some(expected), "{url}");
        }
        assert_eq!(address("postgres://localhost/x"), None);
    }
}
