//! Jobs that bring users in.

use std::fmt;

use secrecy::SecretString;
use serde_json::Value;
use stepup_protocol::time::UnixTime;

use super::{Imported, Stored};
use crate::model::{Job, JobState, ProfileUpdate, User};

/// The jobs of the last day.
pub trait Jobs: Send + Sync {
    /// Adds a job with its users as they were sent; false where `most` are still under way, and then nothing is added.
    ///
    /// # Errors
    /// [`super::StoreError::Conflict`] where the id is taken.
    fn insert_job<'a>(&'a self, job: &'a Job, users: &'a SecretString, most: u32) -> Stored<'a, bool>;

    /// The job with this id.
    ///
    /// # Errors
    /// The store failed.
    fn job<'a>(&'a self, id: &'a str) -> Stored<'a, Option<Job>>;

    /// The users that a job refused, each with why; empty where there are none.
    ///
    /// # Errors
    /// The store failed.
    fn job_errors<'a>(&'a self, id: &'a str) -> Stored<'a, Vec<Value>>;

    /// Whether a job waits for somebody at `now`.
    ///
    /// # Errors
    /// The store failed.
    fn has_job(&self, now: UnixTime) -> Stored<'_, bool>;

    /// Takes the job that waits longest at `now`, and lets it wait again at `again`: a process that is killed with it leaves it
    /// to another. Of two callers, one gets it.
    ///
    /// # Errors
    /// The store failed.
    fn take_job(&self, now: UnixTime, again: UnixTime) -> Stored<'_, Option<TakenJob>>;

    /// Brings the users in and ends the job, all in one transaction; none where somebody else took the job since.
    ///
    /// # Errors
    /// The store failed.
    fn carry_out<'a>(
        &'a self,
        taken: &'a TakenJob,
        brought: &'a [Brought],
        now: UnixTime,
    ) -> Stored<'a, Option<JobState>>;

    /// Ends the job without its users; none where somebody else took it since.
    ///
    /// # Errors
    /// The store failed.
    fn fail_job<'a>(&'a self, taken: &'a TakenJob, reason: &'a str) -> Stored<'a, Option<JobState>>;
}

/// A job to be done now.
#[derive(Clone, Debug)]
pub struct TakenJob {
    /// The job.
    pub job: Job,
    /// The users as they were sent.
    pub users: SecretString,
    /// Which attempt it is, from 1.
    pub attempt: u32,
}

/// An entry of a job.
#[derive(Clone, Debug)]
pub enum Brought {
    /// A user.
    User(Box<Incoming>),
    /// What is no user that could come in: the entry with why, as [`Jobs::job_errors`] gives it.
    Refused(Value),
}

/// A user who is to come in.
#[derive(Clone)]
pub struct Incoming {
    /// The user where they are new.
    pub imported: Imported,
    /// What changes of them where they are not.
    pub update: ProfileUpdate,
    /// The entry as errors show it: without secrets.
    pub shown: Value,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Incoming")
            .field("user_id", &self.imported.user.user_id)
            .finish_non_exhaustive()
    }
}

/// What becomes of a user who is to come in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Insert,
    /// The user with this id is changed.
    Update(String),
    Refuse(Refusal),
}

/// Why a user cannot come in, in the words of the service.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    code: &'static str,
    message: &'static str,
    path: Option<&'static str>,
}

impl Refusal {
    pub(super) const FACTORS: Self =
        Self { code: "MFA_FACTORS_FAILED", message: "Unable to import factors", path: Some("mfa_factors") };

    /// The entry with why it was refused.
    pub(super) fn of(&self, shown: &Value) -> Value {
        refused(shown, self.code, self.message, self.path)
    }
}

/// An entry with why it was refused.
pub(crate) fn refused(shown: &Value, code: &str, message: &str, path: Option<&str>) -> Value {
    let mut error = serde_json::json!({ "code": code, "message": message });
    if let Some(path) = path {
        error["path"] = Value::from(path);
    }
    serde_json::json!({ "user": shown, "errors": [error] })
}

/// What becomes of `user` beside those who hold their id, address or name.
pub(super) fn judge(user: &User, holders: &[User], upsert: bool) -> Verdict {
    let same = |ours: Option<&String>, theirs: Option<&String>| {
        ours.zip(theirs).is_some_and(|(ours, theirs)| ours.eq_ignore_ascii_case(theirs))
    };
    let same_email =
        |held: &&User| held.connection == user.connection && same(user.email.as_ref(), held.email.as_ref());
    let (code, message, path) = match holders {
        [] => return Verdict::Insert,
        [held] if upsert && same_email(&held) => return Verdict::Update(held.user_id.clone()),
        holders if !upsert && holders.iter().any(|held| same_email(&held)) => {
            ("CONFLICT_EMAIL", "A user with this email address is there already", "email")
        }
        holders if holders.iter().any(|held| same(user.username.as_ref(), held.username.as_ref())) => {
            ("CONFLICT_USERNAME", "A user with this username is there already", "username")
        }
        _ => ("CONFLICT", "A user with this id is there already", "user_id"),
    };
    Verdict::Refuse(Refusal { code, message, path: Some(path) })
}
