//! Authenticators in SQLite.

use rusqlite::{Connection, params};
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore,
    authenticator_row::Columns,
    encode, insertion, limits, oob,
    query::{all, execute, one, scalar},
};
use crate::{
    model::{Authenticator, Credential, Digest, Empty, OobAnswer, PushDevice},
    store::{Attached, Authenticators, Enrolment, StoreError, Stored, Usable},
};

/// Pending enrolments of one kind that a user may have at once; the oldest goes.
const PENDING: i64 = 5;
/// How long a pending enrolment stays when another of its kind begins.
const PENDING_SECONDS: i64 = 86_400;

impl Authenticators for SqliteStore {
    fn authenticators<'a>(&'a self, user_id: &'a str) -> Stored<'a, Vec<Authenticator>> {
        self.read(move |connection| {
            all(connection, "SELECT * FROM authenticators WHERE user_id = ? ORDER BY seq", [user_id], |row| {
                self.authenticator(row)
            })
        })
    }

    fn enrollment<'a>(&'a self, device_id: &'a str) -> Stored<'a, Option<Authenticator>> {
        self.read(move |connection| {
            one(
                connection,
                "SELECT * FROM authenticators
                 WHERE id IN ('email|' || ?1, 'phone|' || ?1, 'push|' || ?1, 'recovery-code|' || ?1, 'totp|' || ?1)",
                [device_id],
                |row| self.authenticator(row),
            )
        })
    }

    fn insert_authenticator<'a>(&'a self, authenticator: &'a Authenticator) -> Stored<'a, ()> {
        self.transact(|transaction| {
            insert(&transaction, authenticator, &self.columns(authenticator)?)?;
            Ok(transaction.commit()?)
        })
    }

    fn begin_enrolment<'a>(&'a self, enrolment: Enrolment<'a>) -> Stored<'a, Result<(), Empty>> {
        self.transact(move |transaction| {
            let Enrolment { authenticators, oob: sent, limit, now } = enrolment;
            let user_id = authenticators.first().map_or("", |it| it.user_id.as_str());
            let taken = limits::take_of(&transaction, user_id, limit, now)?;
            if taken.is_err() {
                return Ok(taken);
            }
            for authenticator in authenticators {
                insert(&transaction, authenticator, &self.columns(authenticator)?)?;
                drop_pending(&transaction, authenticator, now)?;
            }
            oob::close(&transaction, user_id)?;
            if let Some((oob_code, value)) = sent {
                oob::insert(&transaction, oob_code, value)?;
            }
            transaction.commit()?;
            Ok(Ok(()))
        })
    }

    fn update_authenticator<'a>(&'a self, authenticator: &'a Authenticator) -> Stored<'a, bool> {
        self.write(|connection| {
            let Columns { secret, data, .. } = self.columns(authenticator)?;
            // What proves a factor is written by those alone who judge it.
            let is_push = matches!(authenticator.credential, Credential::Push { .. });
            let updated = execute(
                connection,
                "UPDATE authenticators SET name = ?, data = ?, secret = CASE WHEN ? THEN ? ELSE secret END
                 WHERE id = ? AND user_id = ?",
                params![authenticator.name, data, is_push, secret, authenticator.id, authenticator.user_id],
            )?;
            Ok(updated == 1)
        })
    }

    fn attach_device<'a>(
        &'a self,
        ticket: &'a Digest,
        device: &'a PushDevice,
        usable: Usable<'a>,
        now: UnixTime,
    ) -> Stored<'a, Option<Attached>> {
        self.transact(move |transaction| {
            let Some(enrolling) = oob::take_ticket(&transaction, ticket)? else { return Ok(None) };
            let OobAnswer::Scan { expires_at, first, .. } = enrolling.expects else { return Ok(None) };
            if now >= expires_at || (first && enrolled_on_purpose(&transaction, &enrolling.user_id, usable)?)
            {
                return Ok(None);
            }
            let Some(mut push) = self.find(&transaction, &enrolling.authenticator_id)? else {
                return Ok(None);
            };
            let Credential::Push { device: place, totp } = &mut push.credential else { return Ok(None) };
            *place = Some(Box::new(device.clone()));
            let totp = totp.clone();
            let Columns { secret, data, .. } = self.columns(&push)?;
            execute(
                &transaction,
                "UPDATE authenticators SET secret = ?, data = ? WHERE id = ?",
                params![secret, data, push.id],
            )?;
            for id in [&push.id, &totp] {
                confirm(&transaction, &push.user_id, id, None, now)?;
            }
            push.confirmed_at = push.confirmed_at.or(Some(now));
            let Some(totp) = self.find(&transaction, &totp)? else { return Ok(None) };
            transaction.commit()?;
            Ok(Some(Attached { push, totp }))
        })
    }

    fn delete_authenticator<'a>(&'a self, user_id: &'a str, id: &'a str) -> Stored<'a, bool> {
        self.transact(move |transaction| {
            let deleted = execute(
                &transaction,
                "DELETE FROM authenticators WHERE user_id = ?1 AND (id = ?2 OR twin = ?2)",
                [user_id, id],
            )?;
            if deleted == 0 {
                return Ok(false);
            }
            if !has_other(&transaction, user_id)? {
                delete_recovery_codes(&transaction, user_id, "")?;
            }
            oob::close(&transaction, user_id)?;
            transaction.commit()?;
            Ok(true)
        })
    }

    fn replace_authenticators<'a>(
        &'a self,
        user_id: &'a str,
        authenticators: &'a [Authenticator],
    ) -> Stored<'a, ()> {
        self.transact(move |transaction| {
            delete(&transaction, user_id)?;
            for authenticator in authenticators {
                insert(&transaction, authenticator, &self.columns(authenticator)?)?;
            }
            oob::close(&transaction, user_id)?;
            Ok(transaction.commit()?)
        })
    }

    fn delete_authenticators<'a>(&'a self, user_id: &'a str) -> Stored<'a, ()> {
        self.transact(move |transaction| {
            delete(&transaction, user_id)?;
            oob::close(&transaction, user_id)?;
            Ok(transaction.commit()?)
        })
    }
}

impl SqliteStore {
    fn find(&self, connection: &Connection, id: &str) -> Result<Option<Authenticator>, StoreError> {
        one(connection, "SELECT * FROM authenticators WHERE id = ?", [id], |row| self.authenticator(row))
    }
}

pub(super) fn insert(
    connection: &Connection,
    authenticator: &Authenticator,
    columns: &Columns<'_>,
) -> Result<(), StoreError> {
    if matches!(authenticator.credential, Credential::RecoveryCode { .. }) && authenticator.active() {
        delete_recovery_codes(connection, &authenticator.user_id, "")?;
    }
    execute(
        connection,
        "INSERT INTO authenticators (id, user_id, kind, name, secret, last_step, email, phone_number, data, twin,
                                     came_with, created_at, confirmed_at, last_used_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            authenticator.id,
            authenticator.user_id,
            authenticator.credential.prefix(),
            authenticator.name,
            columns.secret,
            columns.last_step,
            columns.email,
            columns.phone_number,
            columns.data,
            authenticator.credential.twin(),
            columns.came_with,
            authenticator.created_at.seconds(),
            authenticator.confirmed_at.map(UnixTime::seconds),
            authenticator.last_used_at.map(UnixTime::seconds),
        ],
    )
    .map(drop)
    .map_err(insertion("the authenticator"))
}

fn delete(connection: &Connection, user_id: &str) -> Result<(), StoreError> {
    execute(connection, "DELETE FROM authenticators WHERE user_id = ?", [user_id]).map(drop)
}

/// Of the user's pending authenticators of this kind, the old and the many go, each with its twin. The app of a push
/// enrolment is counted with that, and not among the apps.
fn drop_pending(
    connection: &Connection,
    authenticator: &Authenticator,
    now: UnixTime,
) -> Result<(), StoreError> {
    execute(
        connection,
        "WITH pending AS (
             SELECT id, created_at, ROW_NUMBER() OVER (ORDER BY seq DESC) AS place FROM authenticators
             WHERE user_id = ?1 AND kind = ?2 AND confirmed_at IS NULL AND (kind <> 'totp' OR twin IS NULL)),
         gone AS (SELECT id FROM pending WHERE place > ?3 OR created_at < ?4)
         DELETE FROM authenticators WHERE user_id = ?1 AND (id IN gone OR twin IN gone)",
        params![
            authenticator.user_id,
            authenticator.credential.prefix(),
            PENDING,
            now.seconds().saturating_sub(PENDING_SECONDS),
        ],
    )
    .map(drop)
}

/// Whether the user has an active authenticator that does not come by itself, as a recovery code does.
fn has_other(connection: &Connection, user_id: &str) -> Result<bool, StoreError> {
    scalar(
        connection,
        "SELECT EXISTS (SELECT 1 FROM authenticators
                        WHERE user_id = ? AND kind <> 'recovery-code' AND confirmed_at IS NOT NULL)",
        [user_id],
    )
}

/// Whether the user has an active authenticator of a usable kind: one that was chosen, as recovery codes and automatic
/// e-mails are not. A phone is of the kinds of its channels.
pub(super) fn enrolled_on_purpose(
    connection: &Connection,
    user_id: &str,
    usable: Usable<'_>,
) -> Result<bool, StoreError> {
    scalar(
        connection,
        "SELECT EXISTS (SELECT 1 FROM authenticators, json_each(?2) AS usable
                        WHERE user_id = ?1 AND confirmed_at IS NOT NULL
                          AND (kind = usable.value
                               OR kind = 'phone' AND usable.value IN ('sms', 'voice')
                                  AND (data ->> 'both' OR data ->> 'preferred' = usable.value)))",
        params![user_id, encode("the usable kinds", &usable)?],
    )
}

/// Notes a use at `now`, with the time step of an app's code and the newest that there can be. The first use makes the
/// authenticator active, and with it the recovery code that was given with it in place of any other. False where it is gone,
/// or where that step or a later one was used.
pub(super) fn confirm(
    connection: &Connection,
    user_id: &str,
    id: &str,
    steps: Option<(u64, u64)>,
    now: UnixTime,
) -> Result<bool, StoreError> {
    let (step, newest) = steps.unzip();
    let brought_a_code: Option<bool> = one(
        connection,
        "UPDATE authenticators SET last_used_at = ?1, confirmed_at = COALESCE(confirmed_at, ?1),
                                   last_step = COALESCE(?3, last_step)
         WHERE id = ?2 AND (?3 IS NULL OR kind = 'totp' AND (last_step IS NULL OR last_step NOT BETWEEN ?3 AND ?4))
         RETURNING EXISTS (SELECT 1 FROM authenticators code
                           WHERE code.user_id = authenticators.user_id AND code.kind = 'recovery-code'
                             AND code.confirmed_at IS NULL AND code.came_with = authenticators.id)",
        params![now.seconds(), id, step.map(u64::cast_signed), newest.map(u64::cast_signed)],
        |row| Ok(row.get(0)?),
    )?;
    if brought_a_code == Some(true) {
        confirm_recovery_code(connection, user_id, id, now)?;
    }
    Ok(brought_a_code.is_some())
}

fn confirm_recovery_code(
    connection: &Connection,
    user_id: &str,
    came_with: &str,
    now: UnixTime,
) -> Result<(), StoreError> {
    let id: String = scalar(
        connection,
        "UPDATE authenticators SET confirmed_at = ?
         WHERE user_id = ? AND kind = 'recovery-code' AND confirmed_at IS NULL AND came_with = ? RETURNING id",
        params![now.seconds(), user_id, came_with],
    )?;
    delete_recovery_codes(connection, user_id, &id)
}

/// Removes the user's recovery codes but for one.
fn delete_recovery_codes(connection: &Connection, user_id: &str, but: &str) -> Result<(), StoreError> {
    execute(
        connection,
        "DELETE FROM authenticators WHERE user_id = ? AND kind = 'recovery-code' AND id <> ?",
        [user_id, but],
    )
    .map(drop)
}
