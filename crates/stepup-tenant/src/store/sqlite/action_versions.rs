//! Versions of Actions in SQLite.

use secrecy::ExposeSecret;
use sqlx::{Row, sqlite::SqliteRow};

use super::{SqliteStore, decode, encode, insertion};
use crate::store::{ActionVersion, ActionVersions, StoreError, Stored};

impl ActionVersions for SqliteStore {
    fn insert_version<'a>(&'a self, version: &'a ActionVersion) -> Stored<'a, u32> {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO action_versions (id, action_id, number, data, secrets)
                 SELECT ?1, ?2, COALESCE(MAX(number), 0) + 1, ?3, ?4 FROM action_versions WHERE action_id = ?2
                 RETURNING number",
            )
            .bind(&version.id)
            .bind(&version.action_id)
            .bind(encode("a version of an Action", &version.members)?)
            .bind(self.vault.seal(&version.id, version.secrets.expose_secret())?)
            .fetch_one(&self.writer)
            .await
            .map_err(insertion("the version of the Action"))?
            .try_get(0)
            .map_err(StoreError::Database)
        })
    }

    fn versions<'a>(&'a self, action_id: &'a str) -> Stored<'a, Vec<ActionVersion>> {
        Box::pin(async move {
            let rows = sqlx::query("SELECT * FROM action_versions WHERE action_id = ? ORDER BY number DESC")
                .bind(action_id)
                .fetch_all(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            rows.iter().map(|row| self.version(row)).collect()
        })
    }

    fn delete_versions<'a>(&'a self, action_id: &'a str) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("DELETE FROM action_versions WHERE action_id = ?")
                .bind(action_id)
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(StoreError::Database)
        })
    }
}

impl SqliteStore {
    fn version(&self, row: &SqliteRow) -> Result<ActionVersion, StoreError> {
        let id: String = row.try_get("id").map_err(StoreError::Database)?;
        let sealed: &[u8] = row.try_get("secrets").map_err(StoreError::Database)?;
        Ok(ActionVersion {
            secrets: self.vault.open(&id, sealed)?.into(),
            action_id: row.try_get("action_id").map_err(StoreError::Database)?,
            number: row.try_get("number").map_err(StoreError::Database)?,
            members: decode("a version of an Action", row.try_get("data").map_err(StoreError::Database)?)?,
            id,
        })
    }
}
