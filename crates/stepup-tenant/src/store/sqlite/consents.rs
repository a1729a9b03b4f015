//! Consents in SQLite.

use rusqlite::params;
use stepup_protocol::{scope::Scopes, time::UnixTime};

use super::{
    SqliteStore,
    query::{all, execute},
};
use crate::store::{Consents, Stored};

impl Consents for SqliteStore {
    fn consented<'a>(
        &'a self,
        user_id: &'a str,
        client_id: &'a str,
        audience: &'a str,
    ) -> Stored<'a, Scopes> {
        self.read(move |connection| {
            let held: Vec<String> = all(
                connection,
                "SELECT scope FROM consents WHERE user_id = ? AND client_id = ? AND audience = ? ORDER BY scope",
                [user_id, client_id, audience],
                |row| Ok(row.get("scope")?),
            )?;
            let mut scopes = Scopes::none();
            for scope in &held {
                scopes.insert(scope);
            }
            Ok(scopes)
        })
    }

    fn consent<'a>(
        &'a self,
        user_id: &'a str,
        client_id: &'a str,
        audience: &'a str,
        scope: &'a Scopes,
        now: UnixTime,
    ) -> Stored<'a, ()> {
        self.transact(move |transaction| {
            for scope in scope.iter() {
                execute(
                    &transaction,
                    "INSERT OR IGNORE INTO consents (user_id, client_id, audience, scope, consented_at)
                     VALUES (?, ?, ?, ?, ?)",
                    params![user_id, client_id, audience, scope, now.seconds()],
                )?;
            }
            Ok(transaction.commit()?)
        })
    }
}
