//! Buckets in SQLite: each row holds the one number that says all, the time at which the bucket is full again.

use std::time::Duration;

use sqlx::{Row, Sqlite, SqliteConnection, Transaction};
use stepup_protocol::time::UnixTime;

use super::SqliteStore;
use crate::{
    model::{Bucket, BucketKind, BucketRule, Empty},
    store::{Limits, StoreError, Stored},
};

impl Limits for SqliteStore {
    fn take_attempt<'a>(
        &'a self,
        bucket: Bucket<'a>,
        rule: BucketRule,
        now: UnixTime,
    ) -> Stored<'a, Result<(), Empty>> {
        Box::pin(async move {
            let mut connection = self.writer.acquire().await.map_err(StoreError::Database)?;
            take(&mut connection, bucket, rule, now).await
        })
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

/// Takes one attempt, if there is one.
pub(super) async fn take(
    connection: &mut SqliteConnection,
    bucket: Bucket<'_>,
    rule: BucketRule,
    now: UnixTime,
) -> Result<Result<(), Empty>, StoreError> {
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
    .fetch_optional(&mut *connection)
    .await
    .map_err(StoreError::Database)?;
    if taken.is_some() {
        return Ok(Ok(()));
    }
    // Between the two statements it may have filled again.
    let empty = empty(connection, bucket, rule, now).await?;
    Ok(Err(empty.unwrap_or(Empty { refills_in: Duration::ZERO })))
}

/// Takes one out of a bucket of `user_id`, where that is counted and it is not empty.
pub(super) async fn take_of(
    transaction: &mut Transaction<'_, Sqlite>,
    user_id: &str,
    limit: Option<(BucketKind, BucketRule)>,
    now: UnixTime,
) -> Result<Result<(), Empty>, StoreError> {
    match limit {
        Some((kind, rule)) => take(transaction, Bucket { kind, subject: user_id }, rule, now).await,
        None => Ok(Ok(())),
    }
}

/// Whether [`take`] would get nothing, and until when.
pub(super) async fn empty(
    connection: &mut SqliteConnection,
    bucket: Bucket<'_>,
    rule: BucketRule,
    now: UnixTime,
) -> Result<Option<Empty>, StoreError> {
    let row = sqlx::query("SELECT full_at FROM buckets WHERE kind = ? AND subject = ?")
        .bind(bucket.kind.as_str())
        .bind(bucket.subject)
        .fetch_optional(connection)
        .await
        .map_err(StoreError::Database)?;
    let Some(row) = row else { return Ok(None) };
    let full_at: i64 = row.try_get(0).map_err(StoreError::Database)?;
    let end = now.seconds().saturating_add(whole(rule));
    let refills_in = full_at.saturating_add(refill_seconds(rule)).saturating_sub(end);
    let refills_in = u64::try_from(refills_in).ok().filter(|seconds| full_at <= end && *seconds > 0);
    Ok(refills_in.map(|seconds| Empty { refills_in: Duration::from_secs(seconds) }))
}

/// How long an empty bucket takes to be full, in seconds.
fn whole(rule: BucketRule) -> i64 {
    refill_seconds(rule).saturating_mul(i64::from(rule.size))
}

fn refill_seconds(rule: BucketRule) -> i64 {
    i64::try_from(rule.refill.as_secs().max(1)).unwrap_or(i64::MAX)
}
