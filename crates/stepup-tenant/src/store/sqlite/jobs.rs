//! Jobs in SQLite. The users of one hold password hashes and TOTP secrets: they are sealed until it is done.

use rusqlite::{Connection, Row, params};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepup_protocol::time::UnixTime;

use super::{
    SqliteStore, at_length, authenticators, data, decode, encode, insertion,
    query::{all, execute, one},
    text, users,
};
use crate::{
    model::{Job, JobState, Summary, User},
    store::{
        Brought, Imported, Incoming, Jobs, StoreError, Stored, TakenJob,
        jobs::{Refusal, Verdict, judge},
    },
};

impl Jobs for SqliteStore {
    fn insert_job<'a>(&'a self, job: &'a Job, users: &'a SecretString, most: u32) -> Stored<'a, bool> {
        self.write(move |connection| {
            let added = execute(
                connection,
                "INSERT INTO jobs (id, status, data, users, attempts, due_at, created_at)
                 SELECT ?1, 'pending', ?2, ?3, 0, ?4, ?4 WHERE (SELECT COUNT(*) FROM jobs WHERE users IS NOT NULL) < ?5",
                params![
                    job.id,
                    encode(WHAT, &Kept::from(job))?,
                    self.vault.seal(&job.id, users.expose_secret())?,
                    job.created_at.seconds(),
                    most,
                ],
            )
            .map_err(insertion(WHAT))?;
            Ok(added == 1)
        })
    }

    fn job<'a>(&'a self, id: &'a str) -> Stored<'a, Option<Job>> {
        self.read(move |connection| one(connection, "SELECT * FROM jobs WHERE id = ?", [id], read))
    }

    fn job_errors<'a>(&'a self, id: &'a str) -> Stored<'a, Vec<Value>> {
        self.read(move |connection| {
            let errors = one(
                connection,
                "SELECT errors FROM jobs WHERE id = ? AND errors IS NOT NULL",
                [id],
                |row| decode(WHAT, text(row, "errors")?),
            )?;
            Ok(errors.unwrap_or_default())
        })
    }

    fn has_job(&self, now: UnixTime) -> Stored<'_, bool> {
        self.read(move |connection| {
            let found = one(
                connection,
                "SELECT 1 FROM jobs WHERE users IS NOT NULL AND due_at <= ? LIMIT 1",
                [now.seconds()],
                |_| Ok(()),
            )?;
            Ok(found.is_some())
        })
    }

    fn take_job(&self, now: UnixTime, again: UnixTime) -> Stored<'_, Option<TakenJob>> {
        self.write(move |connection| {
            one(
                connection,
                "UPDATE jobs SET status = 'processing', attempts = attempts + 1, due_at = ?2 WHERE id =
                     (SELECT id FROM jobs WHERE users IS NOT NULL AND due_at <= ?1 ORDER BY due_at, id LIMIT 1)
                 RETURNING *",
                [now.seconds(), again.seconds()],
                |row| {
                    let job = read(row)?;
                    let sealed = row.get_ref("users")?.as_blob().map_err(rusqlite::Error::from)?;
                    let users = self.vault.open(&job.id, sealed)?.into();
                    Ok(TakenJob { job, users, attempt: row.get("attempts")? })
                },
            )
        })
    }

    fn carry_out<'a>(
        &'a self,
        taken: &'a TakenJob,
        brought: &'a [Brought],
        now: UnixTime,
    ) -> Stored<'a, Option<JobState>> {
        self.transact(move |transaction| {
            at_length(|| {
                let mut summary = Summary { total: brought.len() as u64, ..Summary::default() };
                let mut errors = Vec::new();
                for entry in brought {
                    match self.bring(&transaction, taken, entry, now)? {
                        Outcome::Inserted => summary.inserted += 1,
                        Outcome::Updated => summary.updated += 1,
                        Outcome::Refused(error) => errors.push(error),
                    }
                }
                summary.failed = errors.len() as u64;
                let state = JobState::Completed(summary);
                if !end(&transaction, taken, &state, &encode(WHAT, &summary)?, &errors)? {
                    return Ok(None);
                }
                transaction.commit()?;
                Ok(Some(state))
            })
        })
    }

    fn fail_job<'a>(&'a self, taken: &'a TakenJob, reason: &'a str) -> Stored<'a, Option<JobState>> {
        self.transact(move |transaction| {
            let state = JobState::Failed { reason: reason.to_owned() };
            if !end(&transaction, taken, &state, reason, &[])? {
                return Ok(None);
            }
            transaction.commit()?;
            Ok(Some(state))
        })
    }
}

const WHAT: &str = "the job";

/// What became of an entry.
enum Outcome {
    Inserted,
    Updated,
    Refused(Value),
}

impl SqliteStore {
    fn bring(
        &self,
        connection: &Connection,
        taken: &TakenJob,
        entry: &Brought,
        now: UnixTime,
    ) -> Result<Outcome, StoreError> {
        let Incoming { imported, update, shown } = match entry {
            Brought::Refused(error) => return Ok(Outcome::Refused(error.clone())),
            Brought::User(incoming) => &**incoming,
        };
        let mut holders = holders(connection, &imported.user)?;
        match judge(&imported.user, &holders, taken.job.upsert) {
            Verdict::Insert => {
                users::insert(connection, &imported.user, false)?;
                self.enrol(connection, imported, &imported.user.user_id)?;
                Ok(Outcome::Inserted)
            }
            Verdict::Update(user_id) => {
                for held in &mut holders {
                    update.apply(held, now);
                    users::update(connection, held)?;
                }
                if !imported.authenticators.is_empty() && is_enrolled(connection, &user_id)? {
                    return Ok(Outcome::Refused(Refusal::FACTORS.of(shown)));
                }
                self.enrol(connection, imported, &user_id)?;
                Ok(Outcome::Updated)
            }
            Verdict::Refuse(refusal) => Ok(Outcome::Refused(refusal.of(shown))),
        }
    }

    fn enrol(&self, connection: &Connection, imported: &Imported, user_id: &str) -> Result<(), StoreError> {
        for authenticator in &imported.authenticators {
            let mut authenticator = authenticator.clone();
            user_id.clone_into(&mut authenticator.user_id);
            let columns = self.columns(&authenticator)?;
            authenticators::insert(connection, &authenticator, &columns)?;
        }
        Ok(())
    }
}

/// The users who hold the id, the address or the name of `user`.
fn holders(connection: &Connection, user: &User) -> Result<Vec<User>, StoreError> {
    all(
        connection,
        "SELECT * FROM users WHERE user_id = ?1 OR (connection = ?2 AND email = ?3) OR (connection = ?2 AND username = ?4)",
        params![user.user_id, user.connection, user.email, user.username],
        users::read,
    )
}

/// Whether the user has a second factor, other than a recovery code.
fn is_enrolled(connection: &Connection, user_id: &str) -> Result<bool, StoreError> {
    let found = one(
        connection,
        "SELECT 1 FROM authenticators WHERE user_id = ? AND confirmed_at IS NOT NULL AND kind <> 'recovery-code' LIMIT 1",
        [user_id],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Ends a job; false where somebody else took it since.
fn end(
    connection: &Connection,
    taken: &TakenJob,
    state: &JobState,
    result: &str,
    errors: &[Value],
) -> Result<bool, StoreError> {
    let ended = execute(
        connection,
        "UPDATE jobs SET status = ?, result = ?, errors = ?, users = NULL WHERE id = ? AND attempts = ? AND users IS NOT NULL",
        params![state.as_str(), result, encode(WHAT, &errors)?, taken.job.id, taken.attempt],
    )?;
    Ok(ended == 1)
}

fn read(row: &Row<'_>) -> Result<Job, StoreError> {
    let kept: Kept = data(WHAT)(row)?;
    let state = match text(row, "status")? {
        "pending" => JobState::Pending,
        "processing" => JobState::Processing,
        "failed" => JobState::Failed { reason: row.get("result")? },
        _ => JobState::Completed(decode(WHAT, text(row, "result")?)?),
    };
    Ok(Job {
        id: row.get("id")?,
        connection_id: kept.connection_id,
        connection: kept.connection,
        upsert: kept.upsert,
        external_id: kept.external_id,
        send_completion_email: kept.send_completion_email,
        created_at: UnixTime::from_seconds(row.get("created_at")?),
        state,
    })
}

/// The column `data`.
#[derive(Serialize, Deserialize)]
struct Kept {
    connection_id: String,
    connection: String,
    upsert: bool,
    external_id: Option<String>,
    send_completion_email: bool,
}

impl From<&Job> for Kept {
    fn from(job: &Job) -> Self {
        Self {
            connection_id: job.connection_id.clone(),
            connection: job.connection.clone(),
            upsert: job.upsert,
            external_id: job.external_id.clone(),
            send_completion_email: job.send_completion_email,
        }
    }
}
