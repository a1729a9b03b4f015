//! Authenticators in SQLite.

use sqlx::{Row, Sqlite, Transaction};
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, authenticator_row::Columns, insertion, limits, oob};
use crate::{
    model::{Authenticator, Credential, Digest, Empty, OobAnswer, PushDevice},
    store::{Attached, Authenticators, Enrolment, StoreError, Stored},
};

/// Pending enrolments of one kind that a user may have at once; the oldest goes.
const PENDING: i64 = 5;
/// How long a pending enrolment stays when another of its kind begins.
const PENDING_SECONDS: i64 = 86_400;

impl Authenticators for SqliteStore {
    fn authenticators<'a>(&'a self, user_id: &'a str) -> Stored<'a, Vec<Authenticator>> {
        Box::pin(async move {
            let rows = sqlx::query("SELECT * FROM authenticators WHERE user_id = ? ORDER BY seq")
                .bind(user_id)
                .fetch_all(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            rows.iter().map(|row| self.authenticator(row)).collect()
        })
    }

    fn enrollment<'a>(&'a self, device_id: &'a str) -> Stored<'a, Option<Authenticator>> {
        Box::pin(async move {
            let row = sqlx::query(
                "SELECT * FROM authenticators
                 WHERE id IN ('email|' || ?1, 'phone|' || ?1, 'push|' || ?1, 'recovery-code|' || ?1, 'totp|' || ?1)",
            )
            .bind(device_id)
            .fetch_optional(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            row.map(|row| self.authenticator(&row)).transpose()
        })
    }

    fn insert_authenticator<'a>(&'a self, authenticator: &'a Authenticator) -> Stored<'a, ()> {
        Box::pin(async move {
            let columns = self.columns(authenticator)?;
            let mut transaction = self.begin().await?;
            insert(&mut transaction, authenticator, columns).await?;
            transaction.commit().await.map_err(StoreError::Database)
        })
    }

    fn begin_enrolment<'a>(&'a self, enrolment: Enrolment<'a>) -> Stored<'a, Result<(), Empty>> {
        Box::pin(async move {
            let Enrolment { authenticators, oob: sent, limit, now } = enrolment;
            let mut transaction = self.begin().await?;
            let user_id = authenticators.first().map_or("", |it| it.user_id.as_str());
            let taken = limits::take_of(&mut transaction, user_id, limit, now).await?;
            if taken.is_err() {
                return Ok(taken);
            }
            for authenticator in authenticators {
                insert(&mut transaction, authenticator, self.columns(authenticator)?).await?;
                drop_pending(&mut transaction, authenticator, now).await?;
            }
            if let Some((oob_code, value)) = sent {
                oob::insert(&mut *transaction, oob_code, value).await?;
            }
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(Ok(()))
        })
    }

    fn update_authenticator<'a>(&'a self, authenticator: &'a Authenticator) -> Stored<'a, bool> {
        Box::pin(async move {
            let Columns { secret, data, .. } = self.columns(authenticator)?;
            // What proves a factor is written by those alone who judge it.
            let is_push = matches!(authenticator.credential, Credential::Push { .. });
            let updated = sqlx::query(
                "UPDATE authenticators SET name = ?, data = ?, secret = CASE WHEN ? THEN ? ELSE secret END
                 WHERE id = ? AND user_id = ?",
            )
            .bind(&authenticator.name)
            .bind(data)
            .bind(is_push)
            .bind(secret)
            .bind(&authenticator.id)
            .bind(&authenticator.user_id)
            .execute(&self.writer)
            .await
            .map_err(StoreError::Database)?;
            Ok(updated.rows_affected() == 1)
        })
    }

    fn attach_device<'a>(
        &'a self,
        ticket: &'a Digest,
        device: &'a PushDevice,
        now: UnixTime,
    ) -> Stored<'a, Option<Attached>> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let Some(enrolling) = oob::take_ticket(&mut transaction, ticket).await? else { return Ok(None) };
            let OobAnswer::Scan { expires_at, first, .. } = enrolling.expects else { return Ok(None) };
            if now >= expires_at
                || (first && enrolled_on_purpose(&mut transaction, &enrolling.user_id).await?)
            {
                return Ok(None);
            }
            let Some(mut push) = self.find(&mut transaction, &enrolling.authenticator_id).await? else {
                return Ok(None);
            };
            let Credential::Push { device: place, totp } = &mut push.credential else { return Ok(None) };
            *place = Some(Box::new(device.clone()));
            let totp = totp.clone();
            let Columns { secret, data, .. } = self.columns(&push)?;
            sqlx::query("UPDATE authenticators SET secret = ?, data = ? WHERE id = ?")
                .bind(secret)
                .bind(data)
                .bind(&push.id)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            for id in [&push.id, &totp] {
                confirm(&mut transaction, &push.user_id, id, None, now).await?;
            }
            push.confirmed_at = push.confirmed_at.or(Some(now));
            let Some(totp) = self.find(&mut transaction, &totp).await? else { return Ok(None) };
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(Some(Attached { push, totp }))
        })
    }

    fn delete_authenticator<'a>(&'a self, user_id: &'a str, id: &'a str) -> Stored<'a, bool> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let deleted =
                sqlx::query("DELETE FROM authenticators WHERE user_id = ?1 AND (id = ?2 OR twin = ?2)")
                    .bind(user_id)
                    .bind(id)
                    .execute(&mut *transaction)
                    .await
                    .map_err(StoreError::Database)?;
            if deleted.rows_affected() == 0 {
                return Ok(false);
            }
            if !has_other(&mut transaction, user_id).await? {
                delete_recovery_codes(&mut transaction, user_id, "").await?;
            }
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(true)
        })
    }

    fn replace_authenticators<'a>(
        &'a self,
        user_id: &'a str,
        authenticators: &'a [Authenticator],
    ) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            sqlx::query("DELETE FROM authenticators WHERE user_id = ?")
                .bind(user_id)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            for authenticator in authenticators {
                insert(&mut transaction, authenticator, self.columns(authenticator)?).await?;
            }
            transaction.commit().await.map_err(StoreError::Database)
        })
    }

    fn delete_authenticators<'a>(&'a self, user_id: &'a str) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("DELETE FROM authenticators WHERE user_id = ?")
                .bind(user_id)
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(StoreError::Database)
        })
    }
}

impl SqliteStore {
    async fn find(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        id: &str,
    ) -> Result<Option<Authenticator>, StoreError> {
        let row = sqlx::query("SELECT * FROM authenticators WHERE id = ?")
            .bind(id)
            .fetch_optional(&mut **transaction)
            .await
            .map_err(StoreError::Database)?;
        row.map(|row| self.authenticator(&row)).transpose()
    }
}

pub(super) async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    authenticator: &Authenticator,
    columns: Columns<'_>,
) -> Result<(), StoreError> {
    if matches!(authenticator.credential, Credential::RecoveryCode { .. }) && authenticator.active() {
        delete_recovery_codes(transaction, &authenticator.user_id, "").await?;
    }
    sqlx::query(
        "INSERT INTO authenticators (id, user_id, kind, name, secret, last_step, email, phone_number, data, twin,
                                     came_with, created_at, confirmed_at, last_used_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&authenticator.id)
    .bind(&authenticator.user_id)
    .bind(authenticator.credential.prefix())
    .bind(&authenticator.name)
    .bind(columns.secret)
    .bind(columns.last_step)
    .bind(columns.email)
    .bind(columns.phone_number)
    .bind(columns.data)
    .bind(authenticator.credential.twin())
    .bind(columns.came_with)
    .bind(authenticator.created_at.seconds())
    .bind(authenticator.confirmed_at.map(UnixTime::seconds))
    .bind(authenticator.last_used_at.map(UnixTime::seconds))
    .execute(&mut **transaction)
    .await
    .map(drop)
    .map_err(insertion("the authenticator"))
}

/// Of the user's pending authenticators of this kind, the old and the many go.
async fn drop_pending(
    transaction: &mut Transaction<'_, Sqlite>,
    authenticator: &Authenticator,
    now: UnixTime,
) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM authenticators WHERE seq IN (
             SELECT seq FROM authenticators WHERE user_id = ?1 AND kind = ?2 AND confirmed_at IS NULL
             ORDER BY seq DESC LIMIT -1 OFFSET ?3)
         OR (user_id = ?1 AND kind = ?2 AND confirmed_at IS NULL AND created_at < ?4)",
    )
    .bind(&authenticator.user_id)
    .bind(authenticator.credential.prefix())
    .bind(PENDING)
    .bind(now.seconds().saturating_sub(PENDING_SECONDS))
    .execute(&mut **transaction)
    .await
    .map(drop)
    .map_err(StoreError::Database)
}

/// Whether the user has an active authenticator that does not come by itself, as a recovery code does.
async fn has_other(transaction: &mut Transaction<'_, Sqlite>, user_id: &str) -> Result<bool, StoreError> {
    sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM authenticators
                        WHERE user_id = ? AND kind <> 'recovery-code' AND confirmed_at IS NOT NULL)",
    )
    .bind(user_id)
    .fetch_one(&mut **transaction)
    .await
    .and_then(|row| row.try_get(0))
    .map_err(StoreError::Database)
}

/// Whether the user has an active authenticator that was chosen: neither an address nor a recovery code.
pub(super) async fn enrolled_on_purpose(
    transaction: &mut Transaction<'_, Sqlite>,
    user_id: &str,
) -> Result<bool, StoreError> {
    sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM authenticators
                        WHERE user_id = ? AND kind NOT IN ('email', 'recovery-code') AND confirmed_at IS NOT NULL)",
    )
    .bind(user_id)
    .fetch_one(&mut **transaction)
    .await
    .and_then(|row| row.try_get(0))
    .map_err(StoreError::Database)
}

/// Notes a use at `now`, with the time step of an app's code. The first use makes the authenticator active, and with it the
/// recovery code that was given with it in place of any other. False where it is gone, or where the step is no later one.
pub(super) async fn confirm(
    transaction: &mut Transaction<'_, Sqlite>,
    user_id: &str,
    id: &str,
    step: Option<u64>,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let confirmed = sqlx::query(
        "UPDATE authenticators SET last_used_at = ?1, confirmed_at = COALESCE(confirmed_at, ?1),
                                   last_step = COALESCE(?3, last_step)
         WHERE id = ?2 AND (?3 IS NULL OR kind = 'totp' AND (last_step IS NULL OR last_step < ?3))
         RETURNING EXISTS (SELECT 1 FROM authenticators code
                           WHERE code.user_id = authenticators.user_id AND code.kind = 'recovery-code'
                             AND code.confirmed_at IS NULL AND code.came_with = authenticators.id)",
    )
    .bind(now.seconds())
    .bind(id)
    .bind(step.map(u64::cast_signed))
    .fetch_optional(&mut **transaction)
    .await
    .map_err(StoreError::Database)?;
    let Some(row) = confirmed else { return Ok(false) };
    if row.try_get(0).map_err(StoreError::Database)? {
        confirm_recovery_code(transaction, user_id, id, now).await?;
    }
    Ok(true)
}

async fn confirm_recovery_code(
    transaction: &mut Transaction<'_, Sqlite>,
    user_id: &str,
    came_with: &str,
    now: UnixTime,
) -> Result<(), StoreError> {
    let confirmed = sqlx::query(
        "UPDATE authenticators SET confirmed_at = ?
         WHERE user_id = ? AND kind = 'recovery-code' AND confirmed_at IS NULL AND came_with = ? RETURNING id",
    )
    .bind(now.seconds())
    .bind(user_id)
    .bind(came_with)
    .fetch_one(&mut **transaction)
    .await
    .map_err(StoreError::Database)?;
    let id: String = confirmed.try_get("id").map_err(StoreError::Database)?;
    delete_recovery_codes(transaction, user_id, &id).await
}

/// Removes the user's recovery codes but for one.
async fn delete_recovery_codes(
    transaction: &mut Transaction<'_, Sqlite>,
    user_id: &str,
    but: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM authenticators WHERE user_id = ? AND kind = 'recovery-code' AND id <> ?")
        .bind(user_id)
        .bind(but)
        .execute(&mut **transaction)
        .await
        .map(drop)
        .map_err(StoreError::Database)
}
