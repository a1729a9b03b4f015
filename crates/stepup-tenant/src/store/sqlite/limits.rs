//! Buckets in SQLite: each row holds the one number that says all, the time at which the bucket is full again.

use std::time::Duration;

use rusqlite::{Connection, params};
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore,
    query::{execute, one},
};
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
        self.write(move |connection| take(connection, bucket, rule, now))
    }

    fn return_attempt<'a>(&'a self, bucket: Bucket<'a>, rule: BucketRule) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "UPDATE buckets SET full_at = full_at - ? WHERE kind = ? AND subject = ?",
                params![refill_seconds(rule), bucket.kind.as_str(), bucket.subject],
            )
            .map(drop)
        })
    }

    fn refill<'a>(&'a self, bucket: Bucket<'a>) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "DELETE FROM buckets WHERE kind = ? AND subject = ?",
                params![bucket.kind.as_str(), bucket.subject],
            )
            .map(drop)
        })
    }
}

/// Takes one attempt, if there is one.
pub(super) fn take(
    connection: &Connection,
    bucket: Bucket<'_>,
    rule: BucketRule,
    now: UnixTime,
) -> Result<Result<(), Empty>, StoreError> {
    // A time further off than an empty bucket needs was written before the clock went back: the bucket is full.
    let taken = execute(
        connection,
        "INSERT INTO buckets (kind, subject, full_at) VALUES (?1, ?2, ?3 + ?4)
         ON CONFLICT (kind, subject) DO UPDATE
         SET full_at = CASE WHEN buckets.full_at BETWEEN ?3 AND ?3 + ?5 THEN buckets.full_at ELSE ?3 END + ?4
         WHERE CASE WHEN buckets.full_at BETWEEN ?3 AND ?3 + ?5 THEN buckets.full_at ELSE ?3 END + ?4 <= ?3 + ?5",
        params![bucket.kind.as_str(), bucket.subject, now.seconds(), refill_seconds(rule), whole(rule)],
    )?;
    if taken == 1 {
        return Ok(Ok(()));
    }
    // Another process may have filled it between the two statements.
    let empty = empty(connection, bucket, rule, now)?;
    Ok(Err(empty.unwrap_or(Empty { refills_in: Duration::ZERO })))
}

/// Takes one out of a bucket of `user_id`, where that is counted and it is not empty.
pub(super) fn take_of(
    connection: &Connection,
    user_id: &str,
    limit: Option<(BucketKind, BucketRule)>,
    now: UnixTime,
) -> Result<Result<(), Empty>, StoreError> {
    match limit {
        Some((kind, rule)) => take(connection, Bucket { kind, subject: user_id }, rule, now),
        None => Ok(Ok(())),
    }
}

/// Whether [`take`] would get nothing, and until when.
pub(super) fn empty(
    connection: &Connection,
    bucket: Bucket<'_>,
    rule: BucketRule,
    now: UnixTime,
) -> Result<Option<Empty>, StoreError> {
    let full_at: Option<i64> = one(
        connection,
        "SELECT full_at FROM buckets WHERE kind = ? AND subject = ?",
        params![bucket.kind.as_str(), bucket.subject],
        |row| Ok(row.get(0)?),
    )?;
    let Some(full_at) = full_at else { return Ok(None) };
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
