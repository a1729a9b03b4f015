//! Out-of-band transactions in SQLite.

use sqlx::{Executor, Row, Sqlite, Transaction, sqlite::SqliteRow};
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, decode, encode, insertion, limits};
use crate::{
    model::{BucketKind, BucketRule, Digest, Empty, OobAnswer, OobTransaction, PushState},
    store::{Oob, StoreError, Stored},
};

const WHAT: &str = "an out-of-band transaction";

impl Oob for SqliteStore {
    fn insert_oob<'a>(
        &'a self,
        oob_code: &'a Digest,
        value: &'a OobTransaction,
        limit: Option<(BucketKind, BucketRule)>,
    ) -> Stored<'a, Result<(), Empty>> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let taken = limits::take_of(&mut transaction, &value.user_id, limit, value.created_at).await?;
            if taken.is_err() {
                return Ok(taken);
            }
            insert(&mut *transaction, oob_code, value).await?;
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(Ok(()))
        })
    }

    fn oob<'a>(&'a self, oob_code: &'a Digest) -> Stored<'a, Option<OobTransaction>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT data, state FROM oob WHERE digest = ?")
                .bind(oob_code.as_bytes())
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            row.as_ref().map(read).transpose()
        })
    }

    fn oob_by_id<'a>(&'a self, id: &'a str) -> Stored<'a, Option<OobTransaction>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT data, state FROM oob WHERE id = ?")
                .bind(id)
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            row.as_ref().map(read).transpose()
        })
    }

    fn oob_by_token<'a>(&'a self, token: &'a Digest) -> Stored<'a, Option<OobTransaction>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT data, state FROM oob WHERE token = ?")
                .bind(token.as_bytes())
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            row.as_ref().map(read).transpose()
        })
    }

    fn pending_pushes<'a>(
        &'a self,
        user_id: Option<&'a str>,
        now: UnixTime,
    ) -> Stored<'a, Vec<OobTransaction>> {
        Box::pin(async move {
            let query = match user_id {
                Some(user_id) => sqlx::query(
                    "SELECT data, state FROM oob
                     WHERE asks = 1 AND state = 'pending' AND user_id = ? AND expires_at > ?",
                )
                .bind(user_id),
                None => sqlx::query(
                    "SELECT data, state FROM oob WHERE asks = 1 AND state = 'pending' AND expires_at > ?",
                ),
            };
            let rows =
                query.bind(now.seconds()).fetch_all(&self.reader).await.map_err(StoreError::Database)?;
            let mut pending: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
            pending.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
            Ok(pending)
        })
    }

    fn answer_push<'a>(&'a self, id: &'a str, approved: bool, now: UnixTime) -> Stored<'a, bool> {
        Box::pin(async move {
            let state = if approved { PushState::Approved } else { PushState::Denied };
            let answered = sqlx::query(
                "UPDATE oob SET state = ? WHERE id = ? AND asks = 1 AND state = 'pending' AND expires_at > ?",
            )
            .bind(state.as_str())
            .bind(id)
            .bind(now.seconds())
            .execute(&self.writer)
            .await
            .map_err(StoreError::Database)?;
            Ok(answered.rows_affected() == 1)
        })
    }
}

pub(super) async fn insert(
    executor: impl Executor<'_, Database = Sqlite>,
    oob_code: &Digest,
    value: &OobTransaction,
) -> Result<(), StoreError> {
    let (token, state) = match &value.expects {
        OobAnswer::Code { .. } => (None, None),
        OobAnswer::Push { token, .. } => (Some(token), Some(value.state)),
        OobAnswer::Scan { ticket, .. } => (Some(ticket), Some(value.state)),
    };
    sqlx::query(
        "INSERT INTO oob (digest, id, user_id, token, state, asks, data, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(oob_code.as_bytes())
    .bind(&value.id)
    .bind(&value.user_id)
    .bind(token.map(Digest::as_bytes))
    .bind(state.map(PushState::as_str))
    .bind(matches!(value.expects, OobAnswer::Push { .. }))
    .bind(encode(WHAT, value)?)
    .bind(value.expires_at.seconds())
    .execute(executor)
    .await
    .map(drop)
    .map_err(insertion("the out-of-band transaction"))
}

/// Takes the QR code `ticket` if nobody has: it counts as scanned.
pub(super) async fn take_ticket(
    transaction: &mut Transaction<'_, Sqlite>,
    ticket: &Digest,
) -> Result<Option<OobTransaction>, StoreError> {
    let row = sqlx::query(
        "UPDATE oob SET state = 'approved' WHERE token = ? AND asks = 0 AND state = 'pending' RETURNING data, state",
    )
    .bind(ticket.as_bytes())
    .fetch_optional(&mut **transaction)
    .await
    .map_err(StoreError::Database)?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<OobTransaction, StoreError> {
    let value: OobTransaction = decode(WHAT, row.try_get("data").map_err(StoreError::Database)?)?;
    let state = row.try_get::<Option<&str>, _>("state").map_err(StoreError::Database)?;
    Ok(OobTransaction { state: state.and_then(PushState::parse).unwrap_or_default(), ..value })
}
