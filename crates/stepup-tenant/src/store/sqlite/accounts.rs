//! Changes of a user's own account in SQLite.

use rusqlite::{Connection, params};
use secrecy::{ExposeSecret, SecretString};
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore,
    query::{all, execute, one},
};
use crate::store::{Accounts, StoreError, Stored};

/// Puts the hash of a password that goes among the user's earlier ones, of which the newest `remembered` stay.
pub(super) fn retire(
    connection: &Connection,
    user_id: &str,
    hash: &SecretString,
    remembered: u32,
) -> Result<(), StoreError> {
    execute(
        connection,
        "INSERT INTO earlier_passwords (user_id, hash) VALUES (?, ?)",
        [user_id, hash.expose_secret()],
    )?;
    execute(
        connection,
        "DELETE FROM earlier_passwords WHERE user_id = ?1 AND number NOT IN
           (SELECT number FROM earlier_passwords WHERE user_id = ?1 ORDER BY number DESC LIMIT ?2)",
        params![user_id, remembered],
    )
    .map(drop)
}

/// Ends the token requests that wait for a factor of the user: they were begun with the password that goes.
pub(super) fn end_mfa(connection: &Connection, user_id: &str) -> Result<(), StoreError> {
    execute(connection, "DELETE FROM mfa_transactions WHERE data ->> 'user_id' = ?", [user_id]).map(drop)
}

impl Accounts for SqliteStore {
    fn change_password<'a>(
        &'a self,
        user_id: &'a str,
        hash: &'a SecretString,
        remembered: u32,
        now: UnixTime,
    ) -> Stored<'a, bool> {
        self.transact(move |transaction| {
            let earlier: Option<Option<String>> =
                one(&transaction, "SELECT password_hash FROM users WHERE user_id = ?", [user_id], |row| {
                    Ok(row.get(0)?)
                })?;
            if let Some(earlier) = earlier.flatten() {
                retire(&transaction, user_id, &earlier.into(), remembered)?;
            }
            let changed = execute(
                &transaction,
                "UPDATE users SET password_hash = ?1, updated_at = ?2,
                                  profile = json_set(profile, '$.last_password_reset', ?2)
                 WHERE user_id = ?3",
                params![hash.expose_secret(), now.seconds(), user_id],
            )?;
            execute(
                &transaction,
                "DELETE FROM sessions WHERE json_extract(data, '$.user_id') = ?",
                [user_id],
            )?;
            end_mfa(&transaction, user_id)?;
            transaction.commit()?;
            Ok(changed == 1)
        })
    }

    fn earlier_passwords<'a>(&'a self, user_id: &'a str, limit: u32) -> Stored<'a, Vec<SecretString>> {
        self.read(move |connection| {
            all(
                connection,
                "SELECT hash FROM earlier_passwords WHERE user_id = ? ORDER BY number DESC LIMIT ?",
                params![user_id, limit],
                |row| Ok(row.get::<_, String>("hash")?.into()),
            )
        })
    }

    fn verify_email<'a>(&'a self, user_id: &'a str, email: &'a str, now: UnixTime) -> Stored<'a, bool> {
        self.write(move |connection| {
            let verified = execute(
                connection,
                "UPDATE users SET profile = json_set(profile, '$.email_verified', json('true')), updated_at = ?
                 WHERE user_id = ? AND email = ?",
                params![now.seconds(), user_id, email],
            )?;
            Ok(verified == 1)
        })
    }
}
