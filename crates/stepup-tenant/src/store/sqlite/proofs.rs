//! Proofs in SQLite: one write transaction a try.

use std::time::Duration;

use sqlx::{Row, Sqlite, Transaction};
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore,
    authenticators::{confirm, enrolled_on_purpose},
    limits,
};
use crate::{
    model::{Bucket, Digest, PushState},
    store::{Attempt, Judged, Proof, Proofs, StoreError, Stored},
};

impl Proofs for SqliteStore {
    fn prove<'a>(&'a self, attempt: Attempt<'a>) -> Stored<'a, Judged> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let bucket = attempt.limit.map(|(kind, rule)| (Bucket { kind, subject: attempt.user_id }, rule));
            if let Some((bucket, rule)) = bucket
                && let Some(empty) = limits::empty(&mut transaction, bucket, rule, attempt.now).await?
            {
                return Ok(Judged::TooMany(empty));
            }
            let void = attempt.first && enrolled_on_purpose(&mut transaction, attempt.user_id).await?;
            let judged = match attempt.proof.filter(|_| !void) {
                Some(proof) => take(&mut transaction, attempt.user_id, proof, attempt.now).await?,
                None => Judged::Wrong,
            };
            if judged == Judged::Passed {
                if let Some(mfa_token) = attempt.mfa_token
                    && !spend(&mut transaction, mfa_token).await?
                {
                    // Dropped here, the transaction leaves the proof to whoever may still use it.
                    return Ok(Judged::Spent);
                }
            } else if let (Some((bucket, rule)), Judged::AlreadyUsed | Judged::Wrong) = (bucket, judged) {
                let _taken = limits::take(&mut transaction, bucket, rule, attempt.now).await?;
            }
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(judged)
        })
    }
}

async fn take(
    transaction: &mut Transaction<'_, Sqlite>,
    user_id: &str,
    proof: Proof<'_>,
    now: UnixTime,
) -> Result<Judged, StoreError> {
    match proof {
        Proof::Code { oob_code, authenticator_id } => {
            if !take_oob(transaction, oob_code).await? {
                return Ok(Judged::AlreadyUsed);
            }
            match authenticator_id {
                Some(id) => use_authenticator(transaction, user_id, id, now).await,
                None => Ok(Judged::Passed),
            }
        }
        Proof::Push { oob_code, authenticator_id, interval } => {
            match look(transaction, oob_code, interval, now).await? {
                Judged::Passed => use_authenticator(transaction, user_id, authenticator_id, now).await,
                not_yet => Ok(not_yet),
            }
        }
        Proof::RecoveryCode { presented, replacement } => {
            take_recovery_code(transaction, user_id, presented, replacement, now).await
        }
        Proof::Totp { authenticator_id, step } => {
            let accepted = confirm(transaction, user_id, authenticator_id, Some(step), now).await?;
            Ok(if accepted { Judged::Passed } else { Judged::AlreadyUsed })
        }
    }
}

/// Notes the use; an authenticator that was removed meanwhile proves nothing.
async fn use_authenticator(
    transaction: &mut Transaction<'_, Sqlite>,
    user_id: &str,
    id: &str,
    now: UnixTime,
) -> Result<Judged, StoreError> {
    Ok(if confirm(transaction, user_id, id, None, now).await? { Judged::Passed } else { Judged::Wrong })
}

async fn take_recovery_code(
    transaction: &mut Transaction<'_, Sqlite>,
    user_id: &str,
    presented: &Digest,
    replacement: &Digest,
    now: UnixTime,
) -> Result<Judged, StoreError> {
    let taken = sqlx::query(
        "UPDATE authenticators SET secret = ?, last_used_at = ?
         WHERE user_id = ? AND kind = 'recovery-code' AND confirmed_at IS NOT NULL AND secret = ?",
    )
    .bind(replacement.as_bytes())
    .bind(now.seconds())
    .bind(user_id)
    .bind(presented.as_bytes())
    .execute(&mut **transaction)
    .await
    .map_err(StoreError::Database)?;
    Ok(if taken.rows_affected() == 1 { Judged::Passed } else { Judged::Wrong })
}

/// What a phone has answered; a yes is taken.
async fn look(
    transaction: &mut Transaction<'_, Sqlite>,
    oob_code: &Digest,
    interval: Duration,
    now: UnixTime,
) -> Result<Judged, StoreError> {
    let row = sqlx::query("SELECT state, last_poll FROM oob WHERE digest = ?")
        .bind(oob_code.as_bytes())
        .fetch_optional(&mut **transaction)
        .await
        .map_err(StoreError::Database)?;
    let Some(row) = row else { return Ok(Judged::AlreadyUsed) };
    let state = row.try_get::<Option<&str>, _>("state").map_err(StoreError::Database)?;
    match state.and_then(PushState::parse) {
        Some(PushState::Approved) => {
            take_oob(transaction, oob_code).await?;
            return Ok(Judged::Passed);
        }
        Some(PushState::Denied) => return Ok(Judged::Denied),
        Some(PushState::Pending) | None => {}
    }
    let last = row.try_get::<Option<i64>, _>("last_poll").map_err(StoreError::Database)?;
    let last = last.map(UnixTime::from_seconds);
    // A time to come was written before the clock went back.
    if last.is_some_and(|last| last <= now && now.since(last) < interval) {
        return Ok(Judged::TooFast);
    }
    sqlx::query("UPDATE oob SET last_poll = ? WHERE digest = ?")
        .bind(now.seconds())
        .bind(oob_code.as_bytes())
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::Database)?;
    Ok(Judged::Pending)
}

async fn take_oob(transaction: &mut Transaction<'_, Sqlite>, oob_code: &Digest) -> Result<bool, StoreError> {
    let taken = sqlx::query("DELETE FROM oob WHERE digest = ?")
        .bind(oob_code.as_bytes())
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::Database)?;
    Ok(taken.rows_affected() == 1)
}

async fn spend(transaction: &mut Transaction<'_, Sqlite>, mfa_token: &Digest) -> Result<bool, StoreError> {
    let spent = sqlx::query("DELETE FROM mfa_transactions WHERE digest = ?")
        .bind(mfa_token.as_bytes())
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::Database)?;
    Ok(spent.rows_affected() == 1)
}
