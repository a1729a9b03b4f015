//! Authenticators in SQLite.

use secrecy::ExposeSecret;
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, insertion};
use crate::{
    model::{Authenticator, Credential, Digest},
    store::{Authenticators, StoreError, Stored},
};

impl Authenticators for SqliteStore {
    fn authenticators<'a>(&'a self, user_id: &'a str) -> Stored<'a, Vec<Authenticator>> {
        Box::pin(async move {
            let rows = sqlx::query("SELECT * FROM authenticators WHERE user_id = ? ORDER BY seq")
                .bind(user_id)
                .fetch_all(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            rows.iter().map(|row| self.read(row)).collect()
        })
    }

    fn insert_authenticator<'a>(&'a self, authenticator: &'a Authenticator) -> Stored<'a, ()> {
        Box::pin(async move {
            let (secret, last_step) = match &authenticator.credential {
                Credential::RecoveryCode { digest } => (digest.as_bytes().to_vec(), None),
                Credential::Totp { secret, last_step } => (
                    self.vault.seal(&authenticator.id, secret.expose_secret())?,
                    last_step.map(|step| step as i64),
                ),
            };
            let mut transaction = self.begin().await?;
            if matches!(authenticator.credential, Credential::RecoveryCode { .. }) {
                delete_recovery_codes(&mut transaction, &authenticator.user_id).await?;
            }
            sqlx::query(
                "INSERT INTO authenticators (id, user_id, kind, secret, last_step, created_at, confirmed_at, last_used_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&authenticator.id)
            .bind(&authenticator.user_id)
            .bind(authenticator.credential.prefix())
            .bind(secret)
            .bind(last_step)
            .bind(authenticator.created_at.seconds())
            .bind(authenticator.confirmed_at.map(UnixTime::seconds))
            .bind(authenticator.last_used_at.map(UnixTime::seconds))
            .execute(&mut *transaction)
            .await
            .map_err(insertion("the authenticator"))?;
            transaction.commit().await.map_err(StoreError::Database)
        })
    }

    fn accept_totp_step<'a>(&'a self, id: &'a str, step: u64, now: UnixTime) -> Stored<'a, bool> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let accepted = sqlx::query(
                "UPDATE authenticators
                 SET last_step = ?1, last_used_at = ?2, confirmed_at = COALESCE(confirmed_at, ?2)
                 WHERE id = ?3 AND kind = 'totp' AND (last_step IS NULL OR last_step < ?1)
                 RETURNING user_id",
            )
            .bind(step as i64)
            .bind(now.seconds())
            .bind(id)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(StoreError::Database)?;
            let Some(row) = accepted else { return Ok(false) };

            sqlx::query(
                "UPDATE authenticators SET confirmed_at = ?
                 WHERE user_id = ? AND kind = 'recovery-code' AND confirmed_at IS NULL",
            )
            .bind(now.seconds())
            .bind(row.try_get::<&str, _>("user_id").map_err(StoreError::Database)?)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::Database)?;
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(true)
        })
    }

    fn take_recovery_code<'a>(
        &'a self,
        user_id: &'a str,
        presented: &'a Digest,
        replacement: &'a Digest,
        now: UnixTime,
    ) -> Stored<'a, bool> {
        Box::pin(async move {
            let taken = sqlx::query(
                "UPDATE authenticators SET secret = ?, last_used_at = ?
                 WHERE user_id = ? AND kind = 'recovery-code' AND confirmed_at IS NOT NULL AND secret = ?",
            )
            .bind(replacement.as_bytes())
            .bind(now.seconds())
            .bind(user_id)
            .bind(presented.as_bytes())
            .execute(&self.writer)
            .await
            .map_err(StoreError::Database)?;
            Ok(taken.rows_affected() == 1)
        })
    }

    fn delete_authenticator<'a>(&'a self, user_id: &'a str, id: &'a str) -> Stored<'a, bool> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let deleted = sqlx::query("DELETE FROM authenticators WHERE id = ? AND user_id = ?")
                .bind(id)
                .bind(user_id)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            if deleted.rows_affected() == 0 {
                return Ok(false);
            }
            let others: i64 = sqlx::query(
                "SELECT COUNT(*) FROM authenticators
                 WHERE user_id = ? AND kind <> 'recovery-code' AND confirmed_at IS NOT NULL",
            )
            .bind(user_id)
            .fetch_one(&mut *transaction)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(StoreError::Database)?;
            if others == 0 {
                delete_recovery_codes(&mut transaction, user_id).await?;
            }
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(true)
        })
    }
}

impl SqliteStore {
    fn read(&self, row: &SqliteRow) -> Result<Authenticator, StoreError> {
        let id: String = row.try_get("id").map_err(StoreError::Database)?;
        let secret: &[u8] = row.try_get("secret").map_err(StoreError::Database)?;
        let time = |column| row.try_get::<Option<i64>, _>(column).map_err(StoreError::Database);
        let credential = match row.try_get("kind").map_err(StoreError::Database)? {
            "totp" => Credential::Totp {
                secret: self.vault.open(&id, secret)?.into(),
                last_step: time("last_step")?.map(i64::unsigned_abs),
            },
            _ => Credential::RecoveryCode {
                digest: Digest::from_bytes(secret).ok_or_else(|| StoreError::Corrupt {
                    what: "a recovery code",
                    reason: "its digest is not 32 bytes".to_owned(),
                })?,
            },
        };
        Ok(Authenticator {
            id,
            user_id: row.try_get("user_id").map_err(StoreError::Database)?,
            credential,
            created_at: UnixTime::from_seconds(row.try_get("created_at").map_err(StoreError::Database)?),
            confirmed_at: time("confirmed_at")?.map(UnixTime::from_seconds),
            last_used_at: time("last_used_at")?.map(UnixTime::from_seconds),
        })
    }
}

async fn delete_recovery_codes(
    transaction: &mut Transaction<'_, Sqlite>,
    user_id: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM authenticators WHERE user_id = ? AND kind = 'recovery-code'")
        .bind(user_id)
        .execute(&mut **transaction)
        .await
        .map(drop)
        .map_err(StoreError::Database)
}
