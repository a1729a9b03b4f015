//! Changes of a user's own account in SQLite.

use secrecy::{ExposeSecret, SecretString};
use stepup_protocol::time::UnixTime;

use super::SqliteStore;
use crate::store::{Accounts, StoreError, Stored};

impl Accounts for SqliteStore {
    fn change_password<'a>(
        &'a self,
        user_id: &'a str,
        hash: &'a SecretString,
        now: UnixTime,
    ) -> Stored<'a, bool> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let changed = sqlx::query(
                "UPDATE users SET password_hash = ?1, updated_at = ?2,
                                  profile = json_set(profile, '$.last_password_reset', ?2)
                 WHERE user_id = ?3",
            )
            .bind(hash.expose_secret())
            .bind(now.seconds())
            .bind(user_id)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::Database)?;
            sqlx::query("DELETE FROM sessions WHERE json_extract(data, '$.user_id') = ?")
                .bind(user_id)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(changed.rows_affected() == 1)
        })
    }

    fn verify_email<'a>(&'a self, user_id: &'a str, email: &'a str, now: UnixTime) -> Stored<'a, bool> {
        Box::pin(async move {
            let verified = sqlx::query(
                "UPDATE users SET profile = json_set(profile, '$.email_verified', json('true')), updated_at = ?
                 WHERE user_id = ? AND email = ?",
            )
            .bind(now.seconds())
            .bind(user_id)
            .bind(email)
            .execute(&self.writer)
            .await
            .map_err(StoreError::Database)?;
            Ok(verified.rows_affected() == 1)
        })
    }
}
