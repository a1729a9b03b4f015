//! Changes of the configuration in SQLite.

use sqlx::{Executor, Row, Sqlite, sqlite::SqliteRow};

use super::{SqliteStore, decode, encode};
use crate::{
    model::{Change, Setting, Settings as Kept},
    store::{Settings, StoreError, Stored},
};

impl Settings for SqliteStore {
    fn settings(&self) -> Stored<'_, Kept> {
        Box::pin(async move {
            // One transaction, so that the version is that of the changes.
            let mut transaction = self.reader.begin().await.map_err(StoreError::Database)?;
            let version = version(&mut *transaction).await?;
            let rows = sqlx::query("SELECT section, key, entity FROM settings ORDER BY seq")
                .fetch_all(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            let changes = rows.iter().map(|row| self.setting(row)).collect::<Result<_, _>>()?;
            Ok(Kept { version, changes })
        })
    }

    fn settings_version(&self) -> Stored<'_, u64> {
        Box::pin(version(&self.reader))
    }

    fn keep_settings<'a>(&'a self, seen: u64, changes: &'a [Setting]) -> Stored<'a, Option<u64>> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let found = version(&mut *transaction).await?;
            if found != seen {
                return Ok(None);
            }
            for setting in changes {
                self.keep(&mut transaction, setting).await?;
            }
            sqlx::query("UPDATE settings_version SET version = version + 1")
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(Some(seen + 1))
        })
    }
}

impl SqliteStore {
    async fn keep(
        &self,
        transaction: &mut sqlx::Transaction<'_, Sqlite>,
        setting: &Setting,
    ) -> Result<(), StoreError> {
        let entity = match &setting.change {
            Change::AsInFile => {
                sqlx::query("DELETE FROM settings WHERE section = ? AND key = ?")
                    .bind(&setting.section)
                    .bind(&setting.key)
                    .execute(&mut **transaction)
                    .await
                    .map_err(StoreError::Database)?;
                return Ok(());
            }
            Change::Removed => None,
            Change::Set(entity) => {
                let json = encode("a change of the configuration", entity)?;
                Some(self.vault.seal(&row_id(&setting.section, &setting.key), &json)?)
            }
        };
        sqlx::query(
            "INSERT INTO settings (section, key, entity) VALUES (?, ?, ?)
             ON CONFLICT (section, key) DO UPDATE SET entity = excluded.entity",
        )
        .bind(&setting.section)
        .bind(&setting.key)
        .bind(entity)
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::Database)?;
        Ok(())
    }

    fn setting(&self, row: &SqliteRow) -> Result<Setting, StoreError> {
        let section: String = row.try_get("section").map_err(StoreError::Database)?;
        let key: String = row.try_get("key").map_err(StoreError::Database)?;
        let entity: Option<&[u8]> = row.try_get("entity").map_err(StoreError::Database)?;
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

async fn version<'e>(executor: impl Executor<'e, Database = Sqlite>) -> Result<u64, StoreError> {
    let version: i64 = sqlx::query("SELECT version FROM settings_version")
        .fetch_one(executor)
        .await
        .and_then(|row| row.try_get("version"))
        .map_err(StoreError::Database)?;
    Ok(version.unsigned_abs())
}
