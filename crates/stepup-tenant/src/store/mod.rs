//! What a tenant remembers, behind one trait.
//!
//! Rules of the room:
//! - Not found is `Ok(None)`; an error means that the store failed.
//! - Time comes in as an argument; the store has no clock.
//! - Taking a one-time thing is a verb of its own (`take_…`, `accept_…`, `rotate_…`) and atomic: of two callers, one wins.
//! - What was acknowledged is durable where the database is a file.
//!
//! To add something to the store: a value in [`crate::model`], a method here with the headings below, its SQL in
//! `sqlite/`, its table in a new migration, and its cases in
//! `tests/it/store.rs`, which holds every kind of database to the same rules.

mod accounts;
mod action_versions;
mod authenticators;
mod browsers;
mod calls;
mod consents;
mod directory;
mod grants;
mod holdings;
mod imports;
mod jobs;
mod logs;
mod oob;
mod proofs;
mod pushed_requests;
mod quotas;
mod replays;
mod risk;
mod search;
mod settings;
mod sqlite;
mod statistics;
mod tickets;
mod traces;
mod vault;

use std::fmt;

use futures_util::future::BoxFuture;
use secrecy::SecretString;
use serde_json::{Map, Value};
use stepup_protocol::time::UnixTime;

pub use self::{
    accounts::Accounts,
    action_versions::{ActionVersion, ActionVersions},
    authenticators::{Attached, Authenticators, Enrolment, Usable},
    browsers::{BROWSER_IDLE, BROWSER_LIFETIME, Browsers},
    calls::{Calls, ClaimedCall},
    consents::Consents,
    directory::Directory,
    grants::{CodeTaken, Grants, Presented},
    holdings::Holdings,
    imports::{Imported, Imports},
    jobs::{Brought, Incoming, Jobs, TakenJob},
    logs::Logs,
    oob::Oob,
    proofs::{Attempt, Judged, Proof, Proofs},
    pushed_requests::PushedRequests,
    quotas::Quotas,
    replays::Replays,
    risk::{DEVICE_LIFETIME, Risk},
    search::{Filter, Found, Match, Order, Piece, Search},
    settings::Settings,
    sqlite::SqliteStore,
    statistics::{Day, Statistics},
    tickets::Tickets,
    traces::Traces,
    vault::Vault,
};
pub(crate) use self::{jobs::refused, sqlite::in_memory};
use crate::model::{
    Bucket, BucketRule, Channel, Digest, Empty, LogEvent, LoginTransaction, Message, MfaTransaction, Step,
    TenantSession, User,
};

/// What a method of the store returns.
pub type Stored<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Everything a tenant remembers.
pub trait Store:
    Users
    + Accounts
    + ActionVersions
    + Authenticators
    + Browsers
    + Calls
    + Consents
    + Directory
    + Events
    + Grants
    + Imports
    + Holdings
    + Jobs
    + Limits
    + Logs
    + PushedRequests
    + Quotas
    + Replays
    + Oob
    + Proofs
    + Risk
    + Sessions
    + Settings
    + Statistics
    + Tickets
    + Traces
    + Transactions
    + Send
    + Sync
    + fmt::Debug
{
    /// Forgets everything.
    ///
    /// # Errors
    /// The store failed.
    fn clear(&self) -> Stored<'_, ()>;

    /// Removes what expired before `now`, and is of no use even to tell expired from unknown.
    ///
    /// # Errors
    /// The store failed.
    fn sweep(&self, now: UnixTime) -> Stored<'_, ()>;

    /// Drops what the log and the inbox have too much, and has the database move what was written last to where it stays. A
    /// tenant calls it every second, so that no request has to do it.
    ///
    /// # Errors
    /// The store failed.
    fn tidy(&self) -> Stored<'_, ()>;

    /// Finishes what is under way and closes the database. Further calls fail.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The users.
pub trait Users: Send + Sync {
    /// Adds `user`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the id, or the address or name within the connection, is taken.
    fn insert_user<'a>(&'a self, user: &'a User) -> Stored<'a, ()>;

    /// The user with this id.
    ///
    /// # Errors
    /// The store failed.
    fn user<'a>(&'a self, user_id: &'a str) -> Stored<'a, Option<User>>;

    /// The user of `connection` whose e-mail address or user name is `identifier`, without regard to case.
    ///
    /// # Errors
    /// The store failed.
    fn user_by_identifier<'a>(&'a self, connection: &'a str, identifier: &'a str)
    -> Stored<'a, Option<User>>;

    /// Counts a login at `now` and returns the user as it then is; nothing where there is none.
    ///
    /// # Errors
    /// The store failed.
    fn record_login<'a>(&'a self, user_id: &'a str, now: UnixTime) -> Stored<'a, Option<User>>;

    /// Puts another hash of the same password in place of `from`; nothing happens where another has come since.
    ///
    /// # Errors
    /// The store failed.
    fn renew_password_hash<'a>(
        &'a self,
        user_id: &'a str,
        from: &'a SecretString,
        to: &'a SecretString,
    ) -> Stored<'a, ()>;

    /// Merges members into both kinds of metadata, atomically; a null removes its member. Returns the user as it then is.
    ///
    /// # Parameters
    /// - `user`, `app`: what to merge into `user_metadata` and `app_metadata`; empty maps change nothing.
    ///
    /// # Errors
    /// The store failed.
    fn merge_metadata<'a>(
        &'a self,
        user_id: &'a str,
        user: &'a Map<String, Value>,
        app: &'a Map<String, Value>,
        now: UnixTime,
    ) -> Stored<'a, Option<User>>;
}

/// The sessions of browsers.
pub trait Sessions: Send + Sync {
    /// Adds a session that is found by `cookie`, and by its id.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where either is taken.
    fn insert_session<'a>(&'a self, cookie: &'a Digest, session: &'a TenantSession) -> Stored<'a, ()>;

    /// The session that a cookie opens, expired or not.
    ///
    /// # Errors
    /// The store failed.
    fn session_by_cookie<'a>(&'a self, cookie: &'a Digest) -> Stored<'a, Option<TenantSession>>;

    /// The session with this id (`sid`), expired or not.
    ///
    /// # Errors
    /// The store failed.
    fn session<'a>(&'a self, id: &'a str) -> Stored<'a, Option<TenantSession>>;

    /// Writes a changed session; false where it was removed in the meantime, and then stays removed.
    ///
    /// # Errors
    /// The store failed.
    fn update_session<'a>(&'a self, session: &'a TenantSession) -> Stored<'a, bool>;

    /// Lets the session be opened by `new` and no longer by `old`: after a login, against fixation.
    /// False where `old` opens none.
    ///
    /// # Errors
    /// The store failed.
    fn renew_session_cookie<'a>(&'a self, old: &'a Digest, new: &'a Digest) -> Stored<'a, bool>;

    /// The sessions of a user, expired or not, oldest first.
    ///
    /// # Errors
    /// The store failed.
    fn sessions_of<'a>(&'a self, user_id: &'a str) -> Stored<'a, Vec<TenantSession>>;

    /// At most `limit` of the sessions that are over at `now`, the longest over first.
    ///
    /// # Errors
    /// The store failed.
    fn expired_sessions(&self, now: UnixTime, limit: u32) -> Stored<'_, Vec<TenantSession>>;

    /// Ends a session. Returns whether there was one.
    ///
    /// # Errors
    /// The store failed.
    fn delete_session<'a>(&'a self, id: &'a str) -> Stored<'a, bool>;
}

/// Logins and token requests that are under way.
pub trait Transactions: Send + Sync {
    /// Adds a login under its `state`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the state is taken.
    fn insert_login<'a>(&'a self, state: &'a Digest, login: &'a LoginTransaction) -> Stored<'a, ()>;

    /// The login with this `state`, expired or not.
    ///
    /// # Errors
    /// The store failed.
    fn login<'a>(&'a self, state: &'a Digest) -> Stored<'a, Option<LoginTransaction>>;

    /// Writes a changed login; false where it was taken in the meantime.
    ///
    /// # Errors
    /// The store failed.
    fn update_login<'a>(&'a self, state: &'a Digest, login: &'a LoginTransaction) -> Stored<'a, bool>;

    /// Takes the login away: of two callers, one gets it.
    ///
    /// # Errors
    /// The store failed.
    fn take_login<'a>(&'a self, state: &'a Digest) -> Stored<'a, Option<LoginTransaction>>;

    /// Adds what an `mfa_token` stands for.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the digest is taken.
    fn insert_mfa<'a>(&'a self, mfa_token: &'a Digest, value: &'a MfaTransaction) -> Stored<'a, ()>;

    /// What an `mfa_token` stands for, expired or not.
    ///
    /// # Errors
    /// The store failed.
    fn mfa<'a>(&'a self, mfa_token: &'a Digest) -> Stored<'a, Option<MfaTransaction>>;

    /// Takes it away, after a factor was passed: of two callers, one gets it.
    ///
    /// # Errors
    /// The store failed.
    fn take_mfa<'a>(&'a self, mfa_token: &'a Digest) -> Stored<'a, Option<MfaTransaction>>;
}

/// Buckets against guessing.
pub trait Limits: Send + Sync {
    /// Takes one attempt out of a bucket, if it is not empty.
    ///
    /// Take before checking, so that many guesses at once cannot pass: [`Limits::return_attempt`] gives a right one back.
    ///
    /// # Errors
    /// The store failed.
    fn take_attempt<'a>(
        &'a self,
        bucket: Bucket<'a>,
        rule: BucketRule,
        now: UnixTime,
    ) -> Stored<'a, Result<(), Empty>>;

    /// Puts one attempt back.
    ///
    /// # Errors
    /// The store failed.
    fn return_attempt<'a>(&'a self, bucket: Bucket<'a>, rule: BucketRule) -> Stored<'a, ()>;

    /// Fills a bucket.
    ///
    /// # Errors
    /// The store failed.
    fn refill<'a>(&'a self, bucket: Bucket<'a>) -> Stored<'a, ()>;
}

/// The tenant log and the inbox.
pub trait Events: Send + Sync {
    /// Adds events, and the request that they came from, all or none. The newest 10,000 of each are kept, and what came
    /// since [`Store::tidy`].
    ///
    /// # Errors
    /// The store failed.
    fn append_log<'a>(&'a self, events: &'a [LogEvent], step: Option<&'a Step>) -> Stored<'a, ()>;

    /// At most `limit` events, of one type if asked, newest first.
    ///
    /// # Errors
    /// The store failed.
    fn log<'a>(&'a self, kind: Option<&'a str>, limit: u32) -> Stored<'a, Vec<LogEvent>>;

    /// Adds a message to the inbox, which keeps the newest 10,000, and what came since [`Store::tidy`].
    ///
    /// # Errors
    /// The store failed.
    fn insert_message<'a>(&'a self, message: &'a Message) -> Stored<'a, ()>;

    /// Notes with a message why nobody has taken it ([`Message::undelivered`]), or that somebody has.
    ///
    /// # Errors
    /// The store failed.
    fn mark_message<'a>(&'a self, id: &'a str, undelivered: Option<&'a str>) -> Stored<'a, ()>;

    /// At most `limit` messages, to one recipient and by one channel if asked, newest first.
    ///
    /// # Errors
    /// The store failed.
    fn messages<'a>(
        &'a self,
        to: Option<&'a str>,
        channel: Option<Channel>,
        limit: u32,
    ) -> Stored<'a, Vec<Message>>;
}

/// How the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store was closed.
    #[error("the store is closed: its tenant has stopped")]
    Closed,
    /// Something with that key is there already.
    #[error("{what} is already in the store")]
    Conflict {
        /// What was to be added.
        what: &'static str,
    },
    /// A row cannot be read: written by something else, or sealed with another key.
    #[error("{what} in the store cannot be read: {reason}")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// Why not.
        reason: String,
    },
    /// The database answered with an error.
    #[error("the database failed")]
    Database(#[from] rusqlite::Error),
    /// The database could not be opened.
    #[error("the database {url} cannot be opened")]
    Open {
        /// Its address.
        url: String,
        /// Why not.
        #[source]
        source: rusqlite::Error,
    },
    /// The database was written by a newer version.
    #[error(
        "the database has schema {found}, newer than this program's {known}: use a newer stepup, or another database"
    )]
    TooNew {
        /// The version in the database.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The address names no database that is supported.
    #[error("`{url}` is not a database address: use sqlite::memory: or sqlite://FILE")]
    Unsupported {
        /// The address.
        url: String,
    },
}
