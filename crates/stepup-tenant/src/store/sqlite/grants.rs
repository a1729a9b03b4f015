//! Codes and refresh tokens in SQLite.

use sqlx::{Executor, Row, Sqlite, Transaction};
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, decode, decode_row, encode, insertion};
use crate::{
    model::{AuthorizationCode, Digest, RefreshToken},
    store::{CodeTaken, Grants, Presented, StoreError, Stored},
};

impl Grants for SqliteStore {
    fn insert_code<'a>(&'a self, code: &'a Digest, value: &'a AuthorizationCode) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("INSERT INTO codes (digest, data, expires_at) VALUES (?, ?, ?)")
                .bind(code.as_bytes())
                .bind(encode("a code", value)?)
                .bind(value.expires_at.seconds())
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(insertion("the code"))
        })
    }

    fn take_code<'a>(&'a self, code: &'a Digest, now: UnixTime) -> Stored<'a, Option<CodeTaken>> {
        Box::pin(async move {
            let taken = sqlx::query(
                "UPDATE codes SET taken_at = ? WHERE digest = ? AND taken_at IS NULL RETURNING data",
            )
            .bind(now.seconds())
            .bind(code.as_bytes())
            .fetch_optional(&self.writer)
            .await
            .map_err(StoreError::Database)?;
            if let Some(value) = decode_row("a code", taken.as_ref())? {
                return Ok(Some(CodeTaken::Now(value)));
            }
            let before = sqlx::query("SELECT data FROM codes WHERE digest = ?")
                .bind(code.as_bytes())
                .fetch_optional(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            Ok(decode_row("a code", before.as_ref())?.map(CodeTaken::Before))
        })
    }

    fn insert_refresh_token<'a>(&'a self, token: &'a Digest, value: &'a RefreshToken) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            insert(&mut transaction, token, value).await?;
            transaction.commit().await.map_err(StoreError::Database)
        })
    }

    fn refresh_token<'a>(&'a self, token: &'a Digest) -> Stored<'a, Option<RefreshToken>> {
        Box::pin(async move { Ok(find(&self.reader, token).await?.map(|row| row.token)) })
    }

    fn present_refresh_token<'a>(
        &'a self,
        token: &'a Digest,
        client_id: &'a str,
        leeway: u64,
        now: UnixTime,
    ) -> Stored<'a, Presented> {
        Box::pin(async move {
            let presented = judge(find(&self.reader, token).await?, client_id, leeway, now);
            if let Presented::Reused(token) = &presented {
                revoke(&self.writer, &token.family, now).await?;
            }
            Ok(presented)
        })
    }

    fn rotate_refresh_token<'a>(
        &'a self,
        token: &'a Digest,
        child: &'a Digest,
        value: &'a RefreshToken,
        leeway: u64,
        now: UnixTime,
    ) -> Stored<'a, Presented> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let presented = judge(find(&mut *transaction, token).await?, &value.client_id, leeway, now);
            match &presented {
                Presented::Invalid => {}
                Presented::Reused(token) => revoke(&mut *transaction, &token.family, now).await?,
                Presented::Valid(token) => {
                    sqlx::query(
                        "UPDATE refresh_tokens SET retired_at = ? WHERE id IN (?, ?) AND retired_at IS NULL",
                    )
                    .bind(now.seconds())
                    .bind(&token.id)
                    .bind(&token.parent)
                    .execute(&mut *transaction)
                    .await
                    .map_err(StoreError::Database)?;
                    insert(&mut transaction, child, value).await?;
                }
            }
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(presented)
        })
    }

    fn touch_refresh_token<'a>(
        &'a self,
        token: &'a Digest,
        idle_expires_at: Option<UnixTime>,
        now: UnixTime,
    ) -> Stored<'a, bool> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let Some(mut row) = find(&mut *transaction, token).await?.filter(|row| !row.revoked) else {
                return Ok(false);
            };
            row.token.idle_expires_at = idle_expires_at;
            row.token.last_exchanged_at = Some(now);
            sqlx::query("UPDATE refresh_tokens SET data = ?, expires_at = ? WHERE digest = ?")
                .bind(encode("a refresh token", &row.token)?)
                .bind(end(&row.token))
                .bind(token.as_bytes())
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(true)
        })
    }

    fn revoke_family<'a>(&'a self, family: &'a str, now: UnixTime) -> Stored<'a, ()> {
        Box::pin(async move { revoke(&self.writer, family, now).await })
    }

    fn revoke_grant<'a>(
        &'a self,
        user_id: &'a str,
        client_id: &'a str,
        audience: Option<&'a str>,
        now: UnixTime,
    ) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO revoked_families (family, revoked_at)
                 SELECT DISTINCT family, ? FROM refresh_tokens
                 WHERE user_id = ? AND client_id = ? AND json_extract(data, '$.audience') IS ?
                 ON CONFLICT DO NOTHING",
            )
            .bind(now.seconds())
            .bind(user_id)
            .bind(client_id)
            .bind(audience)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(StoreError::Database)
        })
    }

    fn revoke_session_families<'a>(&'a self, session_id: &'a str, now: UnixTime) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO revoked_families (family, revoked_at)
                 SELECT family, ?1 FROM refresh_tokens WHERE json_extract(data, '$.session_id') = ?2
                 UNION
                 SELECT json_extract(data, '$.family'), ?1 FROM codes
                 WHERE json_extract(data, '$.session_id') = ?2
                 ON CONFLICT DO NOTHING",
            )
            .bind(now.seconds())
            .bind(session_id)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(StoreError::Database)
        })
    }
}

/// A refresh token with what decides whether it is good.
struct TokenRow {
    token: RefreshToken,
    retired_at: Option<UnixTime>,
    revoked: bool,
    child_used: bool,
}

/// The rule of rotation: a token is good until it, or a child of it, was exchanged. One that was exchanged is good
/// again for `leeway` seconds, for two requests that crossed, but only while nobody has moved on from its children.
fn judge(row: Option<TokenRow>, client_id: &str, leeway: u64, now: UnixTime) -> Presented {
    let Some(row) = row else { return Presented::Invalid };
    if row.token.client_id != client_id || row.revoked || row.token.expired(now) {
        return Presented::Invalid;
    }
    match row.retired_at {
        None => Presented::Valid(row.token),
        Some(at) if now.since(at).as_secs() < leeway && !row.child_used => Presented::Valid(row.token),
        Some(_) => Presented::Reused(row.token),
    }
}

async fn find<'e>(
    executor: impl Executor<'e, Database = Sqlite>,
    token: &Digest,
) -> Result<Option<TokenRow>, StoreError> {
    let row = sqlx::query(
        "SELECT data, retired_at,
                EXISTS (SELECT 1 FROM revoked_families WHERE revoked_families.family = held.family) AS revoked,
                EXISTS (SELECT 1 FROM refresh_tokens AS child
                        WHERE child.parent = held.id AND child.retired_at IS NOT NULL) AS child_used
         FROM refresh_tokens AS held WHERE digest = ?",
    )
    .bind(token.as_bytes())
    .fetch_optional(executor)
    .await
    .map_err(StoreError::Database)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(TokenRow {
        token: decode("a refresh token", row.try_get("data").map_err(StoreError::Database)?)?,
        retired_at: row
            .try_get::<Option<i64>, _>("retired_at")
            .map_err(StoreError::Database)?
            .map(UnixTime::from_seconds),
        revoked: row.try_get("revoked").map_err(StoreError::Database)?,
        child_used: row.try_get("child_used").map_err(StoreError::Database)?,
    }))
}

async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    digest: &Digest,
    token: &RefreshToken,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO refresh_tokens (digest, id, family, parent, client_id, user_id, data, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(digest.as_bytes())
    .bind(&token.id)
    .bind(&token.family)
    .bind(&token.parent)
    .bind(&token.client_id)
    .bind(&token.user_id)
    .bind(encode("a refresh token", token)?)
    .bind(end(token))
    .execute(&mut **transaction)
    .await
    .map_err(insertion("the refresh token"))?;

    sqlx::query(
        "DELETE FROM refresh_tokens WHERE seq IN (
             SELECT seq FROM refresh_tokens WHERE user_id = ? AND client_id = ? AND retired_at IS NULL
             ORDER BY seq DESC LIMIT -1 OFFSET ?)",
    )
    .bind(&token.user_id)
    .bind(&token.client_id)
    .bind(ACTIVE_PER_USER_AND_CLIENT)
    .execute(&mut **transaction)
    .await
    .map(drop)
    .map_err(StoreError::Database)
}

async fn revoke<'e>(
    executor: impl Executor<'e, Database = Sqlite>,
    family: &str,
    now: UnixTime,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO revoked_families (family, revoked_at) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(family)
        .bind(now.seconds())
        .execute(executor)
        .await
        .map(drop)
        .map_err(StoreError::Database)
}

fn end(token: &RefreshToken) -> Option<i64> {
    [token.expires_at, token.idle_expires_at].into_iter().flatten().min().map(UnixTime::seconds)
}

/// Refresh tokens that one user may hold of one client.
const ACTIVE_PER_USER_AND_CLIENT: i64 = 200;
