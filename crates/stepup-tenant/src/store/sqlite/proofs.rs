//! Proofs in SQLite: one write transaction a try.

use std::time::Duration;

use rusqlite::{Connection, params};
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore,
    authenticators::{confirm, enrolled_on_purpose},
    limits,
    query::{execute, one},
};
use crate::{
    model::{Bucket, Digest, PushState},
    store::{Attempt, Judged, Proof, Proofs, StoreError, Stored},
};

impl Proofs for SqliteStore {
    fn prove<'a>(&'a self, attempt: Attempt<'a>) -> Stored<'a, Judged> {
        self.transact(move |transaction| {
            let bucket = attempt.limit.map(|(kind, rule)| (Bucket { kind, subject: attempt.user_id }, rule));
            if let Some((bucket, rule)) = bucket
                && let Some(empty) = limits::empty(&transaction, bucket, rule, attempt.now)?
            {
                return Ok(Judged::TooMany(empty));
            }
            let void = match attempt.first {
                Some(usable) => enrolled_on_purpose(&transaction, attempt.user_id, usable)?,
                None => false,
            };
            let judged = match attempt.proof {
                Some(_) if void => Judged::AlreadyEnrolled,
                Some(proof) => take(&transaction, attempt.user_id, proof, attempt.now)?,
                None => Judged::Wrong,
            };
            if judged == Judged::Passed {
                if let Some(mfa_token) = attempt.mfa_token
                    && !spend(&transaction, mfa_token)?
                {
                    // Dropped here, the transaction leaves the proof to whoever may still use it.
                    return Ok(Judged::Spent);
                }
            } else if let (Some((bucket, rule)), Judged::AlreadyUsed | Judged::Wrong) = (bucket, judged) {
                let _taken = limits::take(&transaction, bucket, rule, attempt.now)?;
            }
            transaction.commit()?;
            Ok(judged)
        })
    }
}

fn take(
    connection: &Connection,
    user_id: &str,
    proof: Proof<'_>,
    now: UnixTime,
) -> Result<Judged, StoreError> {
    match proof {
        Proof::Code { oob_code, authenticator_id } => {
            if !take_oob(connection, oob_code)? {
                return Ok(Judged::AlreadyUsed);
            }
            match authenticator_id {
                Some(id) => use_authenticator(connection, user_id, id, now),
                None => Ok(Judged::Passed),
            }
        }
        Proof::Push { oob_code, authenticator_id, interval } => {
            match look(connection, oob_code, interval, now)? {
                Judged::Passed => use_authenticator(connection, user_id, authenticator_id, now),
                not_yet => Ok(not_yet),
            }
        }
        Proof::RecoveryCode { presented, replacement } => {
            take_recovery_code(connection, user_id, presented, replacement, now)
        }
        Proof::Totp { authenticator_id, step, newest } => {
            let accepted = confirm(connection, user_id, authenticator_id, Some((step, newest)), now)?;
            Ok(if accepted { Judged::Passed } else { Judged::AlreadyUsed })
        }
    }
}

/// Notes the use; an authenticator that was removed meanwhile proves nothing.
fn use_authenticator(
    connection: &Connection,
    user_id: &str,
    id: &str,
    now: UnixTime,
) -> Result<Judged, StoreError> {
    Ok(if confirm(connection, user_id, id, None, now)? { Judged::Passed } else { Judged::Wrong })
}

fn take_recovery_code(
    connection: &Connection,
    user_id: &str,
    presented: &Digest,
    replacement: &Digest,
    now: UnixTime,
) -> Result<Judged, StoreError> {
    let taken = execute(
        connection,
        "UPDATE authenticators SET secret = ?, last_used_at = ?
         WHERE user_id = ? AND kind = 'recovery-code' AND confirmed_at IS NOT NULL AND secret = ?",
        params![replacement.as_bytes(), now.seconds(), user_id, presented.as_bytes()],
    )?;
    Ok(if taken == 1 { Judged::Passed } else { Judged::Wrong })
}

/// What a phone has answered; a yes is taken.
fn look(
    connection: &Connection,
    oob_code: &Digest,
    interval: Duration,
    now: UnixTime,
) -> Result<Judged, StoreError> {
    let found =
        one(connection, "SELECT state, last_poll FROM oob WHERE digest = ?", [oob_code.as_bytes()], |row| {
            Ok((row.get::<_, Option<String>>("state")?, row.get::<_, Option<i64>>("last_poll")?))
        })?;
    let Some((state, last)) = found else { return Ok(Judged::AlreadyUsed) };
    match state.as_deref().and_then(PushState::parse) {
        Some(PushState::Approved) => {
            take_oob(connection, oob_code)?;
            return Ok(Judged::Passed);
        }
        Some(PushState::Denied) => return Ok(Judged::Denied),
        Some(PushState::Pending) | None => {}
    }
    let last = last.map(UnixTime::from_seconds);
    // A time to come was written before the clock went back.
    if last.is_some_and(|last| last <= now && now.since(last) < interval) {
        return Ok(Judged::TooFast);
    }
    execute(
        connection,
        "UPDATE oob SET last_poll = ? WHERE digest = ?",
        params![now.seconds(), oob_code.as_bytes()],
    )?;
    Ok(Judged::Pending)
}

fn take_oob(connection: &Connection, oob_code: &Digest) -> Result<bool, StoreError> {
    Ok(execute(connection, "DELETE FROM oob WHERE digest = ?", [oob_code.as_bytes()])? == 1)
}

fn spend(connection: &Connection, mfa_token: &Digest) -> Result<bool, StoreError> {
    Ok(execute(connection, "DELETE FROM mfa_transactions WHERE digest = ?", [mfa_token.as_bytes()])? == 1)
}
