//! Logins and MFA transactions in SQLite.

use super::{SqliteStore, decode_row, encode, insertion};
use crate::{
    model::{Digest, LoginTransaction, MfaTransaction},
    store::{StoreError, Stored, Transactions},
};

impl Transactions for SqliteStore {
    fn insert_login<'a>(&'a self, state: &'a Digest, login: &'a LoginTransaction) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("INSERT INTO logins (digest, data, expires_at) VALUES (?, ?, ?)")
                .bind(state.as_bytes())
                .bind(encode("a login", login)?)
                .bind(login.expires_at.seconds())
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(insertion("the login"))
        })
    }

    fn login<'a>(&'a self, state: &'a Digest) -> Stored<'a, Option<LoginTransaction>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT data FROM logins WHERE digest = ?")
                .bind(state.as_bytes())
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            decode_row("a login", row.as_ref())
        })
    }

    fn update_login<'a>(&'a self, state: &'a Digest, login: &'a LoginTransaction) -> Stored<'a, bool> {
        Box::pin(async move {
            let updated = sqlx::query("UPDATE logins SET data = ?, expires_at = ? WHERE digest = ?")
                .bind(encode("a login", login)?)
                .bind(login.expires_at.seconds())
                .bind(state.as_bytes())
                .execute(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            Ok(updated.rows_affected() == 1)
        })
    }

    fn take_login<'a>(&'a self, state: &'a Digest) -> Stored<'a, Option<LoginTransaction>> {
        Box::pin(async move {
            let row = sqlx::query("DELETE FROM logins WHERE digest = ? RETURNING data")
                .bind(state.as_bytes())
                .fetch_optional(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            decode_row("a login", row.as_ref())
        })
    }

    fn insert_mfa<'a>(&'a self, mfa_token: &'a Digest, value: &'a MfaTransaction) -> Stored<'a, ()> {
        Box::pin(async move {
            sqlx::query("INSERT INTO mfa_transactions (digest, data, expires_at) VALUES (?, ?, ?)")
                .bind(mfa_token.as_bytes())
                .bind(encode("an MFA transaction", value)?)
                .bind(value.expires_at.seconds())
                .execute(&self.writer)
                .await
                .map(drop)
                .map_err(insertion("the MFA transaction"))
        })
    }

    fn mfa<'a>(&'a self, mfa_token: &'a Digest) -> Stored<'a, Option<MfaTransaction>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT data FROM mfa_transactions WHERE digest = ?")
                .bind(mfa_token.as_bytes())
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            decode_row("an MFA transaction", row.as_ref())
        })
    }

    fn take_mfa<'a>(&'a self, mfa_token: &'a Digest) -> Stored<'a, Option<MfaTransaction>> {
        Box::pin(async move {
            let row = sqlx::query("DELETE FROM mfa_transactions WHERE digest = ? RETURNING data")
                .bind(mfa_token.as_bytes())
                .fetch_optional(&self.writer)
                .await
                .map_err(StoreError::Database)?;
            decode_row("an MFA transaction", row.as_ref())
        })
    }
}
