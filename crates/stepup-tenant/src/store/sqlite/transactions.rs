//! Logins and MFA transactions in SQLite.

use rusqlite::params;

use super::{
    SqliteStore, data, encode, insertion,
    query::{execute, one},
};
use crate::{
    model::{Digest, LoginTransaction, MfaTransaction},
    store::{Stored, Transactions},
};

impl Transactions for SqliteStore {
    fn insert_login<'a>(&'a self, state: &'a Digest, login: &'a LoginTransaction) -> Stored<'a, ()> {
        self.write(|connection| {
            execute(
                connection,
                "INSERT INTO logins (digest, data, expires_at) VALUES (?, ?, ?)",
                params![state.as_bytes(), encode("a login", login)?, login.expires_at.seconds()],
            )
            .map(drop)
            .map_err(insertion("the login"))
        })
    }

    fn login<'a>(&'a self, state: &'a Digest) -> Stored<'a, Option<LoginTransaction>> {
        self.read(|connection| {
            one(connection, "SELECT data FROM logins WHERE digest = ?", [state.as_bytes()], data("a login"))
        })
    }

    fn update_login<'a>(&'a self, state: &'a Digest, login: &'a LoginTransaction) -> Stored<'a, bool> {
        self.write(|connection| {
            let updated = execute(
                connection,
                "UPDATE logins SET data = ?, expires_at = ? WHERE digest = ?",
                params![encode("a login", login)?, login.expires_at.seconds(), state.as_bytes()],
            )?;
            Ok(updated == 1)
        })
    }

    fn take_login<'a>(&'a self, state: &'a Digest) -> Stored<'a, Option<LoginTransaction>> {
        self.write(|connection| {
            one(
                connection,
                "DELETE FROM logins WHERE digest = ? RETURNING data",
                [state.as_bytes()],
                data("a login"),
            )
        })
    }

    fn insert_mfa<'a>(&'a self, mfa_token: &'a Digest, value: &'a MfaTransaction) -> Stored<'a, ()> {
        self.write(|connection| {
            execute(
                connection,
                "INSERT INTO mfa_transactions (digest, data, expires_at) VALUES (?, ?, ?)",
                params![mfa_token.as_bytes(), encode(MFA, value)?, value.expires_at.seconds()],
            )
            .map(drop)
            .map_err(insertion("the MFA transaction"))
        })
    }

    fn mfa<'a>(&'a self, mfa_token: &'a Digest) -> Stored<'a, Option<MfaTransaction>> {
        self.read(|connection| {
            one(
                connection,
                "SELECT data FROM mfa_transactions WHERE digest = ?",
                [mfa_token.as_bytes()],
                data(MFA),
            )
        })
    }

    fn take_mfa<'a>(&'a self, mfa_token: &'a Digest) -> Stored<'a, Option<MfaTransaction>> {
        self.write(|connection| {
            one(
                connection,
                "DELETE FROM mfa_transactions WHERE digest = ? RETURNING data",
                [mfa_token.as_bytes()],
                data(MFA),
            )
        })
    }
}

const MFA: &str = "an MFA transaction";
