//! Users that a file brings, in SQLite.

use super::{SqliteStore, authenticators, users};
use crate::{
    model::Digest,
    store::{Imported, Imports, StoreError, Stored},
};

impl Imports for SqliteStore {
    fn was_imported<'a>(&'a self, import: &'a Digest) -> Stored<'a, bool> {
        Box::pin(async move {
            let found = sqlx::query("SELECT 1 FROM imports WHERE digest = ?")
                .bind(import.as_bytes())
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            Ok(found.is_some())
        })
    }

    fn import_users<'a>(&'a self, users: &'a [Imported]) -> Stored<'a, u64> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let mut added = 0;
            for Imported { user, authenticators } in users {
                if !users::insert(&mut transaction, user, true).await? {
                    continue;
                }
                added += 1;
                for authenticator in authenticators {
                    let columns = self.columns(authenticator)?;
                    authenticators::insert(&mut transaction, authenticator, columns).await?;
                }
            }
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(added)
        })
    }

    fn remember_import<'a>(&'a self, import: &'a Digest) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("INSERT OR IGNORE INTO imports (digest) VALUES (?)")
                .bind(import.as_bytes())
                .execute(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            Ok(())
        })
    }
}
