//! Versions of Actions in SQLite.

use rusqlite::{Row, params};
use secrecy::ExposeSecret;

use super::{
    SqliteStore, data, encode, insertion,
    query::{all, execute, scalar},
};
use crate::store::{ActionVersion, ActionVersions, StoreError, Stored};

const WHAT: &str = "a version of an Action";

impl ActionVersions for SqliteStore {
    fn insert_version<'a>(&'a self, version: &'a ActionVersion) -> Stored<'a, u32> {
        self.write(|connection| {
            scalar(
                connection,
                "INSERT INTO action_versions (id, action_id, number, data, secrets)
                 SELECT ?1, ?2, COALESCE(MAX(number), 0) + 1, ?3, ?4 FROM action_versions WHERE action_id = ?2
                 RETURNING number",
                params![
                    version.id,
                    version.action_id,
                    encode(WHAT, &version.members)?,
                    self.vault.seal(&version.id, version.secrets.expose_secret())?,
                ],
            )
            .map_err(insertion("the version of the Action"))
        })
    }

    fn versions<'a>(&'a self, action_id: &'a str) -> Stored<'a, Vec<ActionVersion>> {
        self.read(move |connection| {
            all(
                connection,
                "SELECT * FROM action_versions WHERE action_id = ? ORDER BY number DESC",
                [action_id],
                |row| self.version(row),
            )
        })
    }

    fn delete_versions<'a>(&'a self, action_id: &'a str) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(connection, "DELETE FROM action_versions WHERE action_id = ?", [action_id]).map(drop)
        })
    }
}

impl SqliteStore {
    fn version(&self, row: &Row<'_>) -> Result<ActionVersion, StoreError> {
        let id: String = row.get("id")?;
        let sealed = row.get_ref("secrets")?.as_blob().map_err(rusqlite::Error::from)?;
        Ok(ActionVersion {
            secrets: self.vault.open(&id, sealed)?.into(),
            action_id: row.get("action_id")?,
            number: row.get("number")?,
            members: data(WHAT)(row)?,
            id,
        })
    }
}
