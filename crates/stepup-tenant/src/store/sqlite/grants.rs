//! Codes and refresh tokens in SQLite.

use rusqlite::{Connection, Row, params};
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore, data, encode, insertion,
    query::{execute, one},
};
use crate::{
    model::{AuthorizationCode, Digest, RefreshToken},
    store::{CodeTaken, Grants, Presented, StoreError, Stored},
};

impl Grants for SqliteStore {
    fn insert_code<'a>(&'a self, code: &'a Digest, value: &'a AuthorizationCode) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO codes (digest, data, expires_at) VALUES (?, ?, ?)",
                params![code.as_bytes(), encode("a code", value)?, value.expires_at.seconds()],
            )
            .map(drop)
            .map_err(insertion("the code"))
        })
    }

    fn code<'a>(&'a self, code: &'a Digest) -> Stored<'a, Option<AuthorizationCode>> {
        self.read(move |connection| {
            let sql = "SELECT data FROM codes WHERE digest = ? AND taken_at IS NULL";
            one(connection, sql, [code.as_bytes()], data("a code"))
        })
    }

    fn take_code<'a>(&'a self, code: &'a Digest, now: UnixTime) -> Stored<'a, Option<CodeTaken>> {
        self.write(move |connection| {
            let taken = one(
                connection,
                "UPDATE codes SET taken_at = ? WHERE digest = ? AND taken_at IS NULL RETURNING data",
                params![now.seconds(), code.as_bytes()],
                data("a code"),
            )?;
            if let Some(value) = taken {
                return Ok(Some(CodeTaken::Now(value)));
            }
            let before = one(
                connection,
                "SELECT data FROM codes WHERE digest = ?",
                [code.as_bytes()],
                data("a code"),
            )?;
            Ok(before.map(CodeTaken::Before))
        })
    }

    fn insert_refresh_token<'a>(&'a self, token: &'a Digest, value: &'a RefreshToken) -> Stored<'a, ()> {
        self.transact(move |transaction| {
            insert(&transaction, token, value)?;
            Ok(transaction.commit()?)
        })
    }

    fn refresh_token<'a>(&'a self, token: &'a Digest) -> Stored<'a, Option<RefreshToken>> {
        self.read(move |connection| Ok(find(connection, token)?.map(|row| row.token)))
    }

    fn present_refresh_token<'a>(
        &'a self,
        token: &'a Digest,
        client_id: &'a str,
        leeway: u64,
        now: UnixTime,
    ) -> Stored<'a, Presented> {
        Box::pin(async move {
            let found = self.read(move |connection| find(connection, token)).await?;
            let presented = judge(found, client_id, leeway, now);
            if let Presented::Reused(token) = &presented {
                self.revoke_family(&token.family, now).await?;
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
        self.transact(move |transaction| {
            let presented = judge(find(&transaction, token)?, &value.client_id, leeway, now);
            match &presented {
                Presented::Invalid => {}
                Presented::Reused(token) => revoke(&transaction, &token.family, now)?,
                Presented::Valid(token) => {
                    execute(
                        &transaction,
                        "UPDATE refresh_tokens SET retired_at = ? WHERE id IN (?, ?) AND retired_at IS NULL",
                        params![now.seconds(), token.id, token.parent],
                    )?;
                    insert(&transaction, child, value)?;
                }
            }
            transaction.commit()?;
            Ok(presented)
        })
    }

    fn branch_refresh_token<'a>(
        &'a self,
        child: &'a Digest,
        value: &'a RefreshToken,
        now: UnixTime,
    ) -> Stored<'a, Presented> {
        self.transact(move |transaction| {
            execute(
                &transaction,
                "UPDATE refresh_tokens SET retired_at = ?
                 WHERE id = (SELECT parent FROM refresh_tokens WHERE id = ?) AND retired_at IS NULL",
                params![now.seconds(), value.parent],
            )?;
            drop_unused(&transaction, value.parent.as_deref())?;
            insert(&transaction, child, value)?;
            let presented = judge(find(&transaction, child)?, &value.client_id, 0, now);
            if matches!(presented, Presented::Valid(_)) {
                transaction.commit()?;
            }
            Ok(presented)
        })
    }

    fn touch_refresh_token<'a>(&'a self, token: &'a Digest, touched: &'a RefreshToken) -> Stored<'a, bool> {
        self.transact(move |transaction| {
            if find(&transaction, token)?.is_none_or(|row| row.revoked) {
                return Ok(false);
            }
            execute(
                &transaction,
                "UPDATE refresh_tokens SET data = ?, expires_at = ? WHERE digest = ?",
                params![encode("a refresh token", touched)?, end(touched), token.as_bytes()],
            )?;
            transaction.commit()?;
            Ok(true)
        })
    }

    fn revoke_family<'a>(&'a self, family: &'a str, now: UnixTime) -> Stored<'a, ()> {
        self.write(move |connection| revoke(connection, family, now))
    }

    fn revoke_grant<'a>(
        &'a self,
        user_id: &'a str,
        client_id: &'a str,
        audience: Option<&'a str>,
        now: UnixTime,
    ) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO revoked_families (family, revoked_at)
                 SELECT DISTINCT family, ? FROM refresh_tokens
                 WHERE user_id = ? AND client_id = ? AND json_extract(data, '$.audience') IS ?
                 ON CONFLICT DO NOTHING",
                params![now.seconds(), user_id, client_id, audience],
            )
            .map(drop)
        })
    }

    fn revoke_session_families<'a>(&'a self, session_id: &'a str, now: UnixTime) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "INSERT INTO revoked_families (family, revoked_at)
                 SELECT family, ?1 FROM refresh_tokens WHERE json_extract(data, '$.session_id') = ?2
                 UNION
                 SELECT json_extract(data, '$.family'), ?1 FROM codes
                 WHERE json_extract(data, '$.session_id') = ?2
                 ON CONFLICT DO NOTHING",
                params![now.seconds(), session_id],
            )
            .map(drop)
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

fn find(connection: &Connection, token: &Digest) -> Result<Option<TokenRow>, StoreError> {
    one(
        connection,
        "SELECT data, retired_at,
                EXISTS (SELECT 1 FROM revoked_families WHERE revoked_families.family = held.family) AS revoked,
                EXISTS (SELECT 1 FROM refresh_tokens AS child
                        WHERE child.parent = held.id AND child.retired_at IS NOT NULL) AS child_used
         FROM refresh_tokens AS held WHERE digest = ?",
        [token.as_bytes()],
        read,
    )
}

fn read(row: &Row<'_>) -> Result<TokenRow, StoreError> {
    Ok(TokenRow {
        token: data("a refresh token")(row)?,
        retired_at: row.get::<_, Option<i64>>("retired_at")?.map(UnixTime::from_seconds),
        revoked: row.get("revoked")?,
        child_used: row.get("child_used")?,
    })
}

fn insert(connection: &Connection, digest: &Digest, token: &RefreshToken) -> Result<(), StoreError> {
    execute(
        connection,
        "INSERT INTO refresh_tokens (digest, id, family, parent, client_id, user_id, data, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            digest.as_bytes(),
            token.id,
            token.family,
            token.parent,
            token.client_id,
            token.user_id,
            encode("a refresh token", token)?,
            end(token),
        ],
    )
    .map_err(insertion("the refresh token"))?;

    execute(
        connection,
        "DELETE FROM refresh_tokens WHERE seq IN (
             SELECT seq FROM refresh_tokens WHERE user_id = ? AND client_id = ? AND retired_at IS NULL
             ORDER BY seq DESC LIMIT -1 OFFSET ?)",
        params![token.user_id, token.client_id, ACTIVE_PER_USER_AND_CLIENT],
    )
    .map(drop)
}

/// Of the children of a parent that is still good, none of which has been used, all but the newest few go.
fn drop_unused(connection: &Connection, parent: Option<&str>) -> Result<(), StoreError> {
    execute(
        connection,
        "DELETE FROM refresh_tokens WHERE seq IN (
             SELECT child.seq FROM refresh_tokens AS child
             JOIN refresh_tokens AS held ON held.id = child.parent AND held.retired_at IS NULL
             WHERE child.parent = ? ORDER BY child.seq DESC LIMIT -1 OFFSET ?)",
        params![parent, UNUSED_CHILDREN],
    )
    .map(drop)
}

fn revoke(connection: &Connection, family: &str, now: UnixTime) -> Result<(), StoreError> {
    execute(
        connection,
        "INSERT INTO revoked_families (family, revoked_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        params![family, now.seconds()],
    )
    .map(drop)
}

fn end(token: &RefreshToken) -> Option<i64> {
    [token.expires_at, token.idle_expires_at].into_iter().flatten().min().map(UnixTime::seconds)
}

/// Unused children of one parent that stay when a second factor brings another: for step-ups of one session that cross.
const UNUSED_CHILDREN: i64 = 2;
/// Refresh tokens that one user may hold of one client.
const ACTIVE_PER_USER_AND_CLIENT: i64 = 200;
