//! Out-of-band transactions in SQLite.

use rusqlite::{Connection, Row, params};
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore, data, encode, insertion, limits,
    query::{all, execute, one},
};
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
        self.transact(move |transaction| {
            let taken = limits::take_of(&transaction, &value.user_id, limit, value.created_at)?;
            if taken.is_err() {
                return Ok(taken);
            }
            insert(&transaction, oob_code, value)?;
            transaction.commit()?;
            Ok(Ok(()))
        })
    }

    fn oob<'a>(&'a self, oob_code: &'a Digest) -> Stored<'a, Option<OobTransaction>> {
        self.read(|connection| {
            one(connection, "SELECT data, state FROM oob WHERE digest = ?", [oob_code.as_bytes()], read)
        })
    }

    fn oob_by_id<'a>(&'a self, id: &'a str) -> Stored<'a, Option<OobTransaction>> {
        self.read(move |connection| one(connection, "SELECT data, state FROM oob WHERE id = ?", [id], read))
    }

    fn oob_by_token<'a>(&'a self, token: &'a Digest) -> Stored<'a, Option<OobTransaction>> {
        self.read(|connection| {
            one(connection, "SELECT data, state FROM oob WHERE token = ?", [token.as_bytes()], read)
        })
    }

    fn pending_pushes<'a>(
        &'a self,
        user_id: Option<&'a str>,
        now: UnixTime,
    ) -> Stored<'a, Vec<OobTransaction>> {
        self.read(move |connection| match user_id {
            Some(user_id) => all(
                connection,
                "SELECT data, state FROM oob
                 WHERE asks = 1 AND state = 'pending' AND user_id = ? AND expires_at > ? ORDER BY seq",
                params![user_id, now.seconds()],
                read,
            ),
            None => all(
                connection,
                "SELECT data, state FROM oob
                 WHERE asks = 1 AND state = 'pending' AND expires_at > ? ORDER BY seq",
                [now.seconds()],
                read,
            ),
        })
    }

    fn answer_push<'a>(&'a self, id: &'a str, approved: bool, now: UnixTime) -> Stored<'a, bool> {
        self.write(move |connection| {
            let state = if approved { PushState::Approved } else { PushState::Denied };
            let answered = execute(
                connection,
                "UPDATE oob SET state = ? WHERE id = ? AND asks = 1 AND state = 'pending' AND expires_at > ?",
                params![state.as_str(), id, now.seconds()],
            )?;
            Ok(answered == 1)
        })
    }
}

pub(super) fn insert(
    connection: &Connection,
    oob_code: &Digest,
    value: &OobTransaction,
) -> Result<(), StoreError> {
    let (token, state) = match &value.expects {
        OobAnswer::Code { .. } | OobAnswer::Mailbox { .. } => (None, None),
        OobAnswer::Push { token, .. } => (Some(token), Some(value.state)),
        OobAnswer::Scan { ticket, .. } => (Some(ticket), Some(value.state)),
    };
    execute(
        connection,
        "INSERT INTO oob (digest, id, user_id, token, state, asks, data, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            oob_code.as_bytes(),
            value.id,
            value.user_id,
            token.map(Digest::as_bytes),
            state.map(PushState::as_str),
            matches!(value.expects, OobAnswer::Push { .. }),
            encode(WHAT, value)?,
            value.expires_at.seconds(),
        ],
    )
    .map(drop)
    .map_err(insertion("the out-of-band transaction"))
}

/// Ends what waits for a phone of the user's that is not theirs (any more): nobody can answer.
pub(super) fn close(connection: &Connection, user_id: &str) -> Result<(), StoreError> {
    execute(
        connection,
        "UPDATE oob SET state = 'denied'
         WHERE user_id = ? AND state IN ('approved', 'pending')
           AND NOT EXISTS (SELECT 1 FROM authenticators WHERE id = oob.data ->> 'authenticator_id')",
        [user_id],
    )
    .map(drop)
}

/// Takes the QR code `ticket` if nobody has: it counts as scanned.
pub(super) fn take_ticket(
    connection: &Connection,
    ticket: &Digest,
) -> Result<Option<OobTransaction>, StoreError> {
    one(
        connection,
        "UPDATE oob SET state = 'approved' WHERE token = ? AND asks = 0 AND state = 'pending' RETURNING data, state",
        [ticket.as_bytes()],
        read,
    )
}

fn read(row: &Row<'_>) -> Result<OobTransaction, StoreError> {
    let value: OobTransaction = data(WHAT)(row)?;
    let state: Option<String> = row.get("state")?;
    Ok(OobTransaction { state: state.as_deref().and_then(PushState::parse).unwrap_or_default(), ..value })
}
