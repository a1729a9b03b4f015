//! Users that a file brings, in SQLite.

use super::{
    SqliteStore, authenticators,
    query::{execute, one},
    users,
};
use crate::{
    model::Digest,
    store::{Imported, Imports, Stored},
};

impl Imports for SqliteStore {
    fn was_imported<'a>(&'a self, import: &'a Digest) -> Stored<'a, bool> {
        self.read(move |connection| {
            let found =
                one(connection, "SELECT 1 FROM imports WHERE digest = ?", [import.as_bytes()], |_| Ok(()))?;
            Ok(found.is_some())
        })
    }

    fn import_users<'a>(&'a self, users: &'a [Imported]) -> Stored<'a, u64> {
        self.transact(move |transaction| {
            let mut added = 0;
            for Imported { user, authenticators } in users {
                if !users::insert(&transaction, user, true)? {
                    continue;
                }
                added += 1;
                for authenticator in authenticators {
                    let columns = self.columns(authenticator)?;
                    authenticators::insert(&transaction, authenticator, &columns)?;
                }
            }
            transaction.commit()?;
            Ok(added)
        })
    }

    fn remember_import<'a>(&'a self, import: &'a Digest) -> Stored<'a, ()> {
        self.write(move |connection| {
            execute(connection, "INSERT OR IGNORE INTO imports (digest) VALUES (?)", [import.as_bytes()])
                .map(drop)
        })
    }
}
