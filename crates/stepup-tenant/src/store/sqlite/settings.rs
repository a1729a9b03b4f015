//! Changes of the configuration in SQLite.

use rusqlite::{Connection, Row, params};

use super::{
    SqliteStore, decode, encode,
    query::{all, execute, scalar},
};
use crate::{
    model::{Change, Setting, Settings as Kept},
    store::{Settings, StoreError, Stored},
};

impl Settings for SqliteStore {
    fn settings(&self) -> Stored<'_, Kept> {
        self.read(move |connection| {
            // One transaction, so that the version is that of the changes.
            let transaction = connection.unchecked_transaction()?;
            let version = version(&transaction)?;
            let changes =
                all(&transaction, "SELECT section, key, entity FROM settings ORDER BY seq", [], |row| {
                    self.setting(row)
                })?;
            Ok(Kept { version, changes })
        })
    }

    fn settings_version(&self) -> Stored<'_, u64> {
        self.read(version)
    }

    fn keep_settings<'a>(&'a self, seen: u64, changes: &'a [Setting]) -> Stored<'a, Option<u64>> {
        self.transact(move |transaction| {
            let found = version(&transaction)?;
            if found != seen {
                return Ok(None);
            }
            for setting in changes {
                self.keep(&transaction, setting)?;
            }
            execute(&transaction, "UPDATE settings_version SET version = version + 1", [])?;
            transaction.commit()?;
            Ok(Some(seen + 1))
        })
    }
}

impl SqliteStore {
    fn keep(&self, connection: &Connection, setting: &Setting) -> Result<(), StoreError> {
        let entity = match &setting.change {
            Change::AsInFile => {
                return execute(
                    connection,
                    "DELETE FROM settings WHERE section = ? AND key = ?",
                    [&setting.section, &setting.key],
                )
                .map(drop);
            }
            Change::Removed => None,
            Change::Set(entity) => {
                let json = encode("a change of the configuration", entity)?;
                Some(self.vault.seal(&row_id(&setting.section, &setting.key), &json)?)
            }
        };
        execute(
            connection,
            "INSERT INTO settings (section, key, entity) VALUES (?, ?, ?)
             ON CONFLICT (section, key) DO UPDATE SET entity = excluded.entity",
            params![setting.section, setting.key, entity],
        )
        .map(drop)
    }

    fn setting(&self, row: &Row<'_>) -> Result<Setting, StoreError> {
        let section: String = row.get("section")?;
        let key: String = row.get("key")?;
        let entity = row.get_ref("entity")?.as_blob_or_null().map_err(rusqlite::Error::from)?;
        let change = match entity {
            None => Change::Removed,
            Some(sealed) => {
                let json = self.vault.open(&row_id(&section, &key), sealed)?;
                Change::Set(decode("a change of the configuration", &json)?)
            }
        };
        Ok(Setting { section, key, change })
    }
}

fn row_id(section: &str, key: &str) -> String {
    format!("settings {section}/{key}")
}

fn version(connection: &Connection) -> Result<u64, StoreError> {
    let version: i64 = scalar(connection, "SELECT version FROM settings_version", [])?;
    Ok(version.unsigned_abs())
}
