//! Consents in SQLite.

use sqlx::Row;
use stepup_protocol::{scope::Scopes, time::UnixTime};

use super::SqliteStore;
use crate::store::{Consents, StoreError, Stored};

impl Consents for SqliteStore {
    fn consented<'a>(
        &'a self,
        user_id: &'a str,
        client_id: &'a str,
        audience: &'a str,
    ) -> Stored<'a, Scopes> {
        Box::pin(async move {
            let rows = sqlx::query(
                "SELECT scope FROM consents WHERE user_id = ? AND client_id = ? AND audience = ? ORDER BY scope",
            )
            .bind(user_id)
            .bind(client_id)
            .bind(audience)
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            let mut scopes = Scopes::none();
            for row in &rows {
                scopes.insert(row.try_get("scope").map_err(StoreError::Database)?);
            }
            Ok(scopes)
        })
    }

    fn consent<'a>(
        &'a self,
        user_id: &'a str,
        client_id: &'a str,
        audience: &'a str,
        scope: &'a Scopes,
        now: UnixTime,
    ) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            for scope in scope.iter() {
                sqlx::query(
                    "INSERT OR IGNORE INTO consents (user_id, client_id, audience, scope, consented_at)
                     VALUES (?, ?, ?, ?, ?)",
                )
                .bind(user_id)
                .bind(client_id)
                .bind(audience)
                .bind(scope)
                .bind(now.seconds())
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            }
            transaction.commit().await.map_err(StoreError::Database)
        })
    }
}
