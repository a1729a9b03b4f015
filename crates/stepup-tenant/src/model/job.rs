//! Jobs: users that are brought in bit by bit, after the request that asked for it.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stepup_protocol::time::UnixTime;

use super::User;

/// An import of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// `job_{16 characters}`.
    pub id: String,
    /// The connection that the users come into: its id, as the caller gave it.
    pub connection_id: String,
    /// Its name.
    pub connection: String,
    /// Whether users who are there already are changed.
    pub upsert: bool,
    /// What the caller knows it by.
    pub external_id: Option<String>,
    /// Whether the administrators get an e-mail when it is done.
    pub send_completion_email: bool,
    /// When it was asked for.
    pub created_at: UnixTime,
    /// How far it is.
    pub state: JobState,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Nobody works on it yet.
    Pending,
    /// Somebody does.
    Processing,
    /// It is done; some users may have been refused.
    Completed(Summary),
    /// It could not be done at all.
    Failed {
        /// Why not.
        reason: String,
    },
}

impl JobState {
    /// As it is said on the wire.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed(_) => "completed",
            Self::Failed { .. } => "failed",
        }
    }
}

/// What became of the users of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Refused.
    pub failed: u64,
    /// There already, and changed.
    pub updated: u64,
    /// New.
    pub inserted: u64,
    /// All of them.
    pub total: u64,
}

/// What an import may change of a user who is there already; what is none stays as it is.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each is the user's member of the same name")]
pub struct ProfileUpdate {
    pub email_verified: Option<bool>,
    pub name: Option<String>,
    pub nickname: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub picture: Option<String>,
    pub user_metadata: Option<Map<String, Value>>,
    pub app_metadata: Option<Map<String, Value>>,
    /// Another system's hash: takes the place of one that was imported and not used yet.
    pub imported_hash: Option<SecretString>,
}

impl ProfileUpdate {
    /// The user as they then are. Metadata is replaced as a whole.
    pub(crate) fn apply(&self, user: &mut User, now: UnixTime) {
        let Self { name, nickname, picture, .. } = self;
        user.email_verified = self.email_verified.unwrap_or(user.email_verified);
        user.name = name.clone().unwrap_or_else(|| user.name.clone());
        user.nickname = nickname.clone().unwrap_or_else(|| user.nickname.clone());
        user.given_name = self.given_name.clone().or_else(|| user.given_name.take());
        user.family_name = self.family_name.clone().or_else(|| user.family_name.take());
        user.picture = picture.clone().or_else(|| user.picture.take());
        if let Some(metadata) = &self.user_metadata {
            user.user_metadata.clone_from(metadata);
        }
        if let Some(metadata) = &self.app_metadata {
            user.app_metadata.clone_from(metadata);
        }
        let unused = user.password_hash.as_ref().is_none_or(crate::passwords::is_imported);
        if let Some(hash) = self.imported_hash.as_ref().filter(|_| unused) {
            user.password_hash = Some(hash.clone());
        }
        user.updated_at = now;
    }
}
