//! Buckets in SQLite: each row holds the one number that says all, the time at which the bucket is full again.

use sqlx::{Executor, Row, Sqlite, Transaction};
use stepup_protocol::time::UnixTime;

use super::SqliteStore;
use crate::{
    model::{Bucket, BucketKind, BucketRule},
    store::{Limits, StoreError, Stored},
};

impl Limits for SqliteStore {
    fn take_attempt<'a>(&'a self, bucket: Bucket<'a>, rule: BucketRule, now: UnixTime) -> Stored<'a, bool> {
        Box::pin(take(&self.writer, bucket, rule, now))
    }

    fn return_attempt<'a>(&'a self, bucket: Bucket<'a>, rule: BucketRule) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("UPDATE buckets SET full_at = full_at - ? WHERE kind = ? AND subject = ?")
                .bind(refill_seconds(rule))
                .bind(bucket.kind.as_str())
                .bind(bucket.subject)
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(StoreError::Database)
        })
    }

    fn refill<'a>(&'a self, bucket: Bucket<'a>) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("DELETE FROM buckets WHERE kind = ? AND subject = ?")
                .bind(bucket.kind.as_str())
                .bind(bucket.subject)
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(StoreError::Database)
        })
    }
}

/// Takes one attempt; false where there is none.
pub(super) async fn take(
    executor: impl Executor<'_, Database = Sqlite>,
    bucket: Bucket<'_>,
    rule: BucketRule,
    now: UnixTime,
) -> Result<bool, StoreError> {
    // A time further off than an empty bucket needs was written before the clock went back: the bucket is full.
    let taken = sqlx::query(
        "INSERT INTO buckets (kind, subject, full_at) VALUES (?1, ?2, ?3 + ?4)
         ON CONFLICT (kind, subject) DO UPDATE
         SET full_at = CASE WHEN buckets.full_at BETWEEN ?3 AND ?3 + ?5 THEN buckets.full_at ELSE ?3 END + ?4
         WHERE CASE WHEN buckets.full_at BETWEEN ?3 AND ?3 + ?5 THEN buckets.full_at ELSE ?3 END + ?4 <= ?3 + ?5
         RETURNING full_at",
    )
    .bind(bucket.kind.as_str())
    .bind(bucket.subject)
    .bind(now.seconds())
    .bind(refill_seconds(rule))
    .bind(whole(rule))
    .fetch_optional(executor)
    .await
    .map_err(StoreError::Database)?;
    Ok(taken.is_some())
}

/// Takes one out of a bucket of `user_id`, where that is counted; false where it is empty.
pub(super) async fn take_of(
    transaction: &mut Transaction<'_, Sqlite>,
    user_id: &str,
    limit: Option<(BucketKind, BucketRule)>,
    now: UnixTime,
) -> Result<bool, StoreError> {
    match limit {
        Some((kind, rule)) => take(&mut **transaction, Bucket { kind, subject: user_id }, rule, now).await,
        None => Ok(true),
    }
}

/// Whether [`take`] would get nothing.
pub(super) async fn is_empty(
    executor: impl Executor<'_, Database = Sqlite>,
    bucket: Bucket<'_>,
    rule: BucketRule,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT full_at FROM buckets WHERE kind = ? AND subject = ?")
        .bind(bucket.kind.as_str())
        .bind(bucket.subject)
        .fetch_optional(executor)
        .await
        .map_err(StoreError::Database)?;
    let Some(row) = row else { return Ok(false) };
    let full_at: i64 = row.try_get(0).map_err(StoreError::Database)?;
    let end = now.seconds().saturating_add(whole(rule));
    Ok(full_at <= end && full_at.saturating_add(refill_seconds(rule)) > end)
}

/// How long an empty bucket takes to be full, in seconds.
fn whole(rule: BucketRule) -> i64 {
    refill_seconds(rule).saturating_mul(i64::from(rule.size))
}

fn refill_seconds(rule: BucketRule) -> i64 {
    i64::try_from(rule.refill.as_secs().max(1)).unwrap_or(i64::MAX)
}
