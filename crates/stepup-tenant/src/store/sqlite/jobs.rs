//! Jobs in SQLite. The users of one hold password hashes and TOTP secrets: they are sealed until it is done.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, authenticators, decode, encode, insertion, users};
use crate::{
    model::{Job, JobState, Summary, User},
    store::{
        Brought, Incoming, Jobs, StoreError, Stored, TakenJob,
        jobs::{Refusal, Verdict, judge},
    },
};

impl Jobs for SqliteStore {
    fn insert_job<'a>(&'a self, job: &'a Job, users: &'a SecretString, most: u32) -> Stored<'a, bool> {
        Box::pin(async move {
            let added = sqlx::query(
                "INSERT INTO jobs (id, status, data, users, attempts, due_at, created_at)
                 SELECT ?1, 'pending', ?2, ?3, 0, ?4, ?4 WHERE (SELECT COUNT(*) FROM jobs WHERE users IS NOT NULL) < ?5",
            )
            .bind(&job.id)
            .bind(encode(WHAT, &Kept::from(job))?)
            .bind(self.vault.seal(&job.id, users.expose_secret())?)
            .bind(job.created_at.seconds())
            .bind(most)
            .execute(&self.writer)
            .await
            .map_err(insertion(WHAT))?;
            Ok(added.rows_affected() == 1)
        })
    }

    fn job<'a>(&'a self, id: &'a str) -> Stored<'a, Option<Job>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT * FROM jobs WHERE id = ?")
                .bind(id)
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            row.as_ref().map(read).transpose()
        })
    }

    fn job_errors<'a>(&'a self, id: &'a str) -> Stored<'a, Vec<Value>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT errors FROM jobs WHERE id = ? AND errors IS NOT NULL")
                .bind(id)
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            let Some(row) = row else { return Ok(Vec::new()) };
            decode(WHAT, row.try_get("errors").map_err(StoreError::Database)?)
        })
    }

    fn has_job(&self, now: UnixTime) -> Stored<'_, bool> {
        Box::pin(async move {
            let found = sqlx::query("SELECT 1 FROM jobs WHERE users IS NOT NULL AND due_at <= ? LIMIT 1")
                .bind(now.seconds())
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Database)?;
            Ok(found.is_some())
        })
    }

    fn take_job(&self, now: UnixTime, again: UnixTime) -> Stored<'_, Option<TakenJob>> {
        Box::pin(async move {
            let row = sqlx::query(
                "UPDATE jobs SET status = 'processing', attempts = attempts + 1, due_at = ?2 WHERE id =
                     (SELECT id FROM jobs WHERE users IS NOT NULL AND due_at <= ?1 ORDER BY due_at, id LIMIT 1)
                 RETURNING *",
            )
            .bind(now.seconds())
            .bind(again.seconds())
            .fetch_optional(&self.writer)
            .await
            .map_err(StoreError::Database)?;
            let Some(row) = row else { return Ok(None) };
            let job = read(&row)?;
            let sealed: &[u8] = row.try_get("users").map_err(StoreError::Database)?;
            let users = self.vault.open(&job.id, sealed)?.into();
            let attempt = row.try_get("attempts").map_err(StoreError::Database)?;
            Ok(Some(TakenJob { job, users, attempt }))
        })
    }

    fn carry_out<'a>(
        &'a self,
        taken: &'a TakenJob,
        brought: &'a [Brought],
        now: UnixTime,
    ) -> Stored<'a, Option<JobState>> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let mut summary = Summary { total: brought.len() as u64, ..Summary::default() };
            let mut errors = Vec::new();
            for entry in brought {
                match self.bring(&mut transaction, taken, entry, now).await? {
                    Outcome::Inserted => summary.inserted += 1,
                    Outcome::Updated => summary.updated += 1,
                    Outcome::Refused(error) => errors.push(error),
                }
            }
            summary.failed = errors.len() as u64;
            let state = JobState::Completed(summary);
            if !end(&mut transaction, taken, &state, &encode(WHAT, &summary)?, &errors).await? {
                return Ok(None);
            }
            transaction.commit().await.map_err(StoreError::Database)?;
            Ok(Some(state))
        })
    }

    fn fail_job<'a>(&'a self, taken: &'a TakenJob, reason: &'a str) -> Stored<'a, Option<JobState>> {
        Box::pin(async move {
            let mut transaction = self.begin().await?;
            let state = JobState::Failed { reason: reason.to_owned() };
            if !end(&mut transaction, taken, &state, reason, &[]).await? {
                return Ok(None);
            }
            transaction.commit().await.map_err(StoreError::Database)?;
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
    async fn bring(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        taken: &TakenJob,
        entry: &Brought,
        now: UnixTime,
    ) -> Result<Outcome, StoreError> {
        let Incoming { imported, update, shown } = match entry {
            Brought::Refused(error) => return Ok(Outcome::Refused(error.clone())),
            Brought::User(incoming) => &**incoming,
        };
        let mut holders = holders(transaction, &imported.user).await?;
        match judge(&imported.user, &holders, taken.job.upsert) {
            Verdict::Insert => {
                users::insert(transaction, &imported.user, false).await?;
                self.enrol(transaction, imported, &imported.user.user_id).await?;
                Ok(Outcome::Inserted)
            }
            Verdict::Update(user_id) => {
                for held in &mut holders {
                    update.apply(held, now);
                    users::update(transaction, held).await?;
                }
                if !imported.authenticators.is_empty() && is_enrolled(transaction, &user_id).await? {
                    return Ok(Outcome::Refused(Refusal::FACTORS.of(shown)));
                }
                self.enrol(transaction, imported, &user_id).await?;
                Ok(Outcome::Updated)
            }
            Verdict::Refuse(refusal) => Ok(Outcome::Refused(refusal.of(shown))),
        }
    }

    async fn enrol(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        imported: &crate::store::Imported,
        user_id: &str,
    ) -> Result<(), StoreError> {
        for authenticator in &imported.authenticators {
            let mut authenticator = authenticator.clone();
            user_id.clone_into(&mut authenticator.user_id);
            let columns = self.columns(&authenticator)?;
            authenticators::insert(transaction, &authenticator, columns).await?;
        }
        Ok(())
    }
}

/// The users who hold the id, the address or the name of `user`.
async fn holders(transaction: &mut Transaction<'_, Sqlite>, user: &User) -> Result<Vec<User>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM users WHERE user_id = ?1 OR (connection = ?2 AND email = ?3) OR (connection = ?2 AND username = ?4)",
    )
    .bind(&user.user_id)
    .bind(&user.connection)
    .bind(&user.email)
    .bind(&user.username)
    .fetch_all(&mut **transaction)
    .await
    .map_err(StoreError::Database)?;
    rows.iter().map(users::read).collect()
}

/// Whether the user has a second factor, other than a recovery code.
async fn is_enrolled(transaction: &mut Transaction<'_, Sqlite>, user_id: &str) -> Result<bool, StoreError> {
    let found = sqlx::query(
        "SELECT 1 FROM authenticators WHERE user_id = ? AND confirmed_at IS NOT NULL AND kind <> 'recovery-code' LIMIT 1",
    )
    .bind(user_id)
    .fetch_optional(&mut **transaction)
    .await
    .map_err(StoreError::Database)?;
    Ok(found.is_some())
}

/// Ends a job; false where somebody else took it since.
async fn end(
    transaction: &mut Transaction<'_, Sqlite>,
    taken: &TakenJob,
    state: &JobState,
    result: &str,
    errors: &[Value],
) -> Result<bool, StoreError> {
    let ended = sqlx::query(
        "UPDATE jobs SET status = ?, result = ?, errors = ?, users = NULL WHERE id = ? AND attempts = ? AND users IS NOT NULL",
    )
    .bind(state.as_str())
    .bind(result)
    .bind(encode(WHAT, &errors)?)
    .bind(&taken.job.id)
    .bind(taken.attempt)
    .execute(&mut **transaction)
    .await
    .map_err(StoreError::Database)?;
    Ok(ended.rows_affected() == 1)
}

fn read(row: &SqliteRow) -> Result<Job, StoreError> {
    let column = |name| row.try_get::<&str, _>(name).map_err(StoreError::Database);
    let kept: Kept = decode(WHAT, column("data")?)?;
    let state = match column("status")? {
        "pending" => JobState::Pending,
        "processing" => JobState::Processing,
        "failed" => JobState::Failed { reason: column("result")?.to_owned() },
        _ => JobState::Completed(decode(WHAT, column("result")?)?),
    };
    Ok(Job {
        id: column("id")?.to_owned(),
        connection_id: kept.connection_id,
        connection: kept.connection,
        upsert: kept.upsert,
        external_id: kept.external_id,
        send_completion_email: kept.send_completion_email,
        created_at: UnixTime::from_seconds(row.try_get("created_at").map_err(StoreError::Database)?),
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
