//! Users in SQLite.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, Row, Sqlite, Transaction, sqlite::SqliteRow};
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, decode, encode, insertion};
use crate::{
    model::User,
    store::{StoreError, Stored, Users},
};

/// The part of a user that no query looks at.
#[derive(Serialize, Deserialize)]
struct Profile {
    email_verified: bool,
    phone_number: Option<String>,
    phone_verified: bool,
    name: String,
    nickname: String,
    given_name: Option<String>,
    family_name: Option<String>,
    picture: Option<String>,
    blocked: bool,
    last_password_reset: Option<UnixTime>,
}

/// Adds a user; where `or_leave` is said, one whose id, address or name is taken is left out. Returns whether it was added.
pub(super) async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    user: &User,
    or_leave: bool,
) -> Result<bool, StoreError> {
    let insert = if or_leave { "INSERT OR IGNORE" } else { "INSERT" };
    let added = sqlx::query(AssertSqlSafe(format!(
        "{insert} INTO users (user_id, connection, email, username, password_hash, profile, user_metadata,
                              app_metadata, logins_count, last_login, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )))
    .bind(&user.user_id)
    .bind(&user.connection)
    .bind(&user.email)
    .bind(&user.username)
    .bind(user.password_hash.as_ref().map(ExposeSecret::expose_secret))
    .bind(profile(user)?)
    .bind(encode("a user", &user.user_metadata)?)
    .bind(encode("a user", &user.app_metadata)?)
    .bind(user.logins_count as i64)
    .bind(user.last_login.map(UnixTime::seconds))
    .bind(user.created_at.seconds())
    .bind(user.updated_at.seconds())
    .execute(&mut **transaction)
    .await
    .map_err(insertion("the user"))?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    // Those of an earlier user with this id.
    sqlx::query("DELETE FROM refresh_tokens WHERE user_id = ?")
        .bind(&user.user_id)
        .execute(&mut **transaction)
        .await
        .map_err(StoreError::Database)?;
    Ok(true)
}

/// Writes a changed user.
pub(super) async fn update(transaction: &mut Transaction<'_, Sqlite>, user: &User) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE users SET email = ?, username = ?, password_hash = ?, profile = ?, user_metadata = ?,
                          app_metadata = ?, updated_at = ?
         WHERE user_id = ?",
    )
    .bind(&user.email)
    .bind(&user.username)
    .bind(user.password_hash.as_ref().map(ExposeSecret::expose_secret))
    .bind(profile(user)?)
    .bind(encode("a user", &user.user_metadata)?)
    .bind(encode("a user", &user.app_metadata)?)
    .bind(user.updated_at.seconds())
    .bind(&user.user_id)
    .execute(&mut **transaction)
    .await
    .map(drop)
    .map_err(insertion("the user"))
}

impl Users for SqliteStore {
    fn insert_user<'a>(&'a self, user: &'a User) -> Stored<'a, ()> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            insert(&mut transaction, user, false).await?;
            transaction.commit().await.map_err(StoreError::Database)
        })
    }

    fn user<'a>(&'a self, user_id: &'a str) -> Stored<'a, Option<User>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT * FROM users WHERE user_id = ?")
                .bind(user_id)
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            row.as_ref().map(read).transpose()
        })
    }

    fn renew_password_hash<'a>(
        &'a self,
        user_id: &'a str,
        from: &'a SecretString,
        to: &'a SecretString,
    ) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("UPDATE users SET password_hash = ? WHERE user_id = ? AND password_hash = ?")
                .bind(to.expose_secret())
                .bind(user_id)
                .bind(from.expose_secret())
                .execute(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            Ok(())
        })
    }

    fn user_by_identifier<'a>(
        &'a self,
        connection: &'a str,
        identifier: &'a str,
    ) -> Stored<'a, Option<User>> {
        Box::pin(async move {
            let row = sqlx::query(
                "SELECT * FROM users WHERE connection = ?1 AND email = ?2
                 UNION ALL SELECT * FROM users WHERE connection = ?1 AND username = ?2 LIMIT 1",
            )
            .bind(connection)
            .bind(identifier)
            .fetch_optional(&self.reader)
            .await
            .map_err(StoreError::Database)?;
            row.as_ref().map(read).transpose()
        })
    }

    fn record_login<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, Option<User>> {
        Box::pin(async move {
            let row = sqlx::query(
                "UPDATE users SET logins_count = logins_count + 1, last_login = ? WHERE user_id = ? RETURNING *",
            )
            .bind(now.seconds())
            .bind(user_id)
            .fetch_optional(&self.writer)
            .await
            .map_err(StoreError::Database)?;
            row.as_ref().map(read).transpose()
        })
    }

    fn merge_metadata<'a>(
        &'a self,
        user_id: &'a str,
        user: &'a Map<String, Value>,
        app: &'a Map<String, Value>,
        now: UnixTime,
    ) -> Stored<'a, Option<User>> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let row = sqlx::query("SELECT * FROM users WHERE user_id = ?")
                .bind(user_id)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(StoreError::Database)?;
            let Some(mut found) = row.as_ref().map(read).transpose()? else { return Ok(None) };

            merge(&mut found.user_metadata, user);
            merge(&mut found.app_metadata, app);
            found.updated_at = now;
            sqlx::query(
                "UPDATE users SET user_metadata = ?, app_metadata = ?, updated_at = ? WHERE user_id = ?",
            )
            .bind(encode("a user", &found.user_metadata)?)
            .bind(encode("a user", &found.app_metadata)?)
            .bind(now.seconds())
            .bind(user_id)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::Database)?;
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(Some(found))
        })
    }
}

fn merge(held: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (key, value) in changes {
        match value {
            Value::Null => drop(held.remove(key)),
            value => drop(held.insert(key.clone(), value.clone())),
        }
    }
}

/// The column `profile`.
fn profile(user: &User) -> Result<String, StoreError> {
    let profile = Profile {
        email_verified: user.email_verified,
        phone_number: user.phone_number.clone(),
        phone_verified: user.phone_verified,
        name: user.name.clone(),
        nickname: user.nickname.clone(),
        given_name: user.given_name.clone(),
        family_name: user.family_name.clone(),
        picture: user.picture.clone(),
        blocked: user.blocked,
        last_password_reset: user.last_password_reset,
    };
    encode("a user", &profile)
}

pub(super) fn read(row: &SqliteRow) -> Result<User, StoreError> {
    let profile: Profile = decode("a user", column(row, "profile")?)?;
    Ok(User {
        user_id: column(row, "user_id")?,
        connection: column(row, "connection")?,
        email: column(row, "email")?,
        email_verified: profile.email_verified,
        username: column(row, "username")?,
        phone_number: profile.phone_number,
        phone_verified: profile.phone_verified,
        name: profile.name,
        nickname: profile.nickname,
        given_name: profile.given_name,
        family_name: profile.family_name,
        picture: profile.picture,
        password_hash: column::<Option<String>>(row, "password_hash")?.map(Into::into),
        user_metadata: decode("a user", column(row, "user_metadata")?)?,
        app_metadata: decode("a user", column(row, "app_metadata")?)?,
        blocked: profile.blocked,
        logins_count: column::<i64>(row, "logins_count")?.unsigned_abs(),
        last_login: column::<Option<i64>>(row, "last_login")?.map(UnixTime::from_seconds),
        last_password_reset: profile.last_password_reset,
        created_at: UnixTime::from_seconds(column(row, "created_at")?),
        updated_at: UnixTime::from_seconds(column(row, "updated_at")?),
    })
}

fn column<'r, T>(row: &'r SqliteRow, name: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>,
{
    row.try_get(name).map_err(StoreError::Database)
}
