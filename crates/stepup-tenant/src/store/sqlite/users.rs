//! Users in SQLite.

use rusqlite::{Connection, Row, params};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore, decode, encode, insertion,
    query::{execute, one},
    text,
};
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
pub(super) fn insert(connection: &Connection, user: &User, or_leave: bool) -> Result<bool, StoreError> {
    let insert = if or_leave { "INSERT OR IGNORE" } else { "INSERT" };
    let added = execute(
        connection,
        &format!(
            "{insert} INTO users (user_id, connection, email, username, password_hash, profile, user_metadata,
                                  app_metadata, logins_count, last_login, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ),
        params![
            user.user_id,
            user.connection,
            user.email,
            user.username,
            user.password_hash.as_ref().map(ExposeSecret::expose_secret),
            profile(user)?,
            encode("a user", &user.user_metadata)?,
            encode("a user", &user.app_metadata)?,
            user.logins_count as i64,
            user.last_login.map(UnixTime::seconds),
            user.created_at.seconds(),
            user.updated_at.seconds(),
        ],
    )
    .map_err(insertion("the user"))?;
    if added == 0 {
        return Ok(false);
    }
    // Those of an earlier user with this id.
    execute(connection, "DELETE FROM refresh_tokens WHERE user_id = ?", [&user.user_id])?;
    Ok(true)
}

/// Writes a changed user.
pub(super) fn update(connection: &Connection, user: &User) -> Result<(), StoreError> {
    execute(
        connection,
        "UPDATE users SET email = ?, username = ?, password_hash = ?, profile = ?, user_metadata = ?,
                          app_metadata = ?, updated_at = ?
         WHERE user_id = ?",
        params![
            user.email,
            user.username,
            user.password_hash.as_ref().map(ExposeSecret::expose_secret),
            profile(user)?,
            encode("a user", &user.user_metadata)?,
            encode("a user", &user.app_metadata)?,
            user.updated_at.seconds(),
            user.user_id,
        ],
    )
    .map(drop)
    .map_err(insertion("the user"))
}

impl Users for SqliteStore {
    fn insert_user<'a>(&'a self, user: &'a User) -> Stored<'a, ()> {
        self.transact(|transaction| {
            insert(&transaction, user, false)?;
            Ok(transaction.commit()?)
        })
    }

    fn user<'a>(&'a self, user_id: &'a str) -> Stored<'a, Option<User>> {
        self.read(move |connection| one(connection, "SELECT * FROM users WHERE user_id = ?", [user_id], read))
    }

    fn renew_password_hash<'a>(
        &'a self,
        user_id: &'a str,
        from: &'a SecretString,
        to: &'a SecretString,
    ) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(
                connection,
                "UPDATE users SET password_hash = ? WHERE user_id = ? AND password_hash = ?",
                [to.expose_secret(), user_id, from.expose_secret()],
            )
            .map(drop)
        })
    }

    fn user_by_identifier<'a>(
        &'a self,
        connection: &'a str,
        identifier: &'a str,
    ) -> Stored<'a, Option<User>> {
        self.read(move |reader| {
            one(
                reader,
                "SELECT * FROM users WHERE connection = ?1 AND email = ?2
                 UNION ALL SELECT * FROM users WHERE connection = ?1 AND username = ?2 LIMIT 1",
                [connection, identifier],
                read,
            )
        })
    }

    fn record_login<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, Option<User>> {
        self.write(move |connection| {
            one(
                connection,
                "UPDATE users SET logins_count = logins_count + 1, last_login = ? WHERE user_id = ? RETURNING *",
                params![now.seconds(), user_id],
                read,
            )
        })
    }

    fn merge_metadata<'a>(
        &'a self,
        user_id: &'a str,
        user: &'a Map<String, Value>,
        app: &'a Map<String, Value>,
        now: UnixTime,
    ) -> Stored<'a, Option<User>> {
        self.transact(move |transaction| {
            let found = one(&transaction, "SELECT * FROM users WHERE user_id = ?", [user_id], read)?;
            let Some(mut found) = found else { return Ok(None) };

            merge(&mut found.user_metadata, user);
            merge(&mut found.app_metadata, app);
            found.updated_at = now;
            execute(
                &transaction,
                "UPDATE users SET user_metadata = ?, app_metadata = ?, updated_at = ? WHERE user_id = ?",
                params![
                    encode("a user", &found.user_metadata)?,
                    encode("a user", &found.app_metadata)?,
                    now.seconds(),
                    user_id,
                ],
            )?;
            transaction.commit()?;
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

pub(super) fn read(row: &Row<'_>) -> Result<User, StoreError> {
    let profile: Profile = decode("a user", text(row, "profile")?)?;
    Ok(User {
        user_id: row.get("user_id")?,
        connection: row.get("connection")?,
        email: row.get("email")?,
        email_verified: profile.email_verified,
        username: row.get("username")?,
        phone_number: profile.phone_number,
        phone_verified: profile.phone_verified,
        name: profile.name,
        nickname: profile.nickname,
        given_name: profile.given_name,
        family_name: profile.family_name,
        picture: profile.picture,
        password_hash: row.get::<_, Option<String>>("password_hash")?.map(Into::into),
        user_metadata: decode("a user", text(row, "user_metadata")?)?,
        app_metadata: decode("a user", text(row, "app_metadata")?)?,
        blocked: profile.blocked,
        logins_count: row.get::<_, i64>("logins_count")?.unsigned_abs(),
        last_login: row.get::<_, Option<i64>>("last_login")?.map(UnixTime::from_seconds),
        last_password_reset: profile.last_password_reset,
        created_at: UnixTime::from_seconds(row.get("created_at")?),
        updated_at: UnixTime::from_seconds(row.get("updated_at")?),
    })
}
