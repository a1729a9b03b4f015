//! Changes of a user's own account in SQLite.

use secrecy::{ExposeSecret, SecretString};
use sqlx::{Sqlite, Transaction};
use stepup_protocol::time::UnixTime;

use super::SqliteStore;
use crate::store::{Accounts, StoreError, Stored};

/// Puts the hash of a password that goes among the user's earlier ones, of which the newest `remembered` stay.
pub(super) async fn retire(
    transaction: &mut Transaction<'_, Sqlite>,
    user_id: &str,
    hash: &SecretString,
    remembered: u32,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO earlier_passwords (user_id, hash) VALUES (?, ?)")
        .bind(user_id)
        .bind(hash.expose_secret())
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::Database)?;
    sqlx::query(
        "DELETE FROM earlier_passwords WHERE user_id = ?1 AND number NOT IN
           (SELECT number FROM earlier_passwords WHERE user_id = ?1 ORDER BY number DESC LIMIT ?2)",
    )
    .bind(user_id)
    .bind(remembered)
    .execute(&mut **transaction)
    .await
    .map(drop)
    .map_err(StoreError::Database)
}

impl Accounts for SqliteStore {
    fn change_password<'a>(
        &'a self,
        user_id: &'a str,
        hash: &'a SecretString,
        remembered: u32,
        now: UnixTime,
    ) -> Stored<'a, bool> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let earlier: Option<Option<String>> =
                sqlx::query_scalar("SELECT password_hash FROM users WHERE user_id = ?")
                    .bind(user_id)
                    .fetch_optional(&mut *transaction)
                    .await
                    .map_err(StoreError::Database)?;
            if let Some(earlier) = earlier.flatten() {
                retire(&mut transaction, user_id, &earlier.into(), remembered).await?;
            }
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

    fn earlier_passwords<'a>(&'a self, user_id: &'a str, limit: u32) -> Stored<'a, Vec<SecretString>> {
        Box::pin(async move {
            let hashes: Vec<String> = sqlx::query_scalar(
                "SELECT hash FROM earlier_passwords WHERE user_id = ? ORDER BY number DESC LIMIT ?",
            )
            .bind(user_id)
            .bind(limit)
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            Ok(hashes.into_iter().map(Into::into).collect())
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
