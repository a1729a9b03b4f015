//! The one step of a verification that must not happen twice.

use std::time::Duration;

use stepup_protocol::time::UnixTime;

use super::{Stored, Usable};
use crate::model::{BucketKind, BucketRule, Digest, Empty};

/// Takes what proves a factor.
pub trait Proofs: Send + Sync {
    /// Judges one try, as one: the limit on tries, the proof itself, and the request that it lets go on. Of two callers
    /// with one proof, or with two proofs for one request, one passes. What does not pass leaves everything in place, but
    /// for the try that it cost.
    ///
    /// # Errors
    /// The store failed.
    fn prove<'a>(&'a self, attempt: Attempt<'a>) -> Stored<'a, Judged>;
}

/// One try to prove a factor.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Whose.
    pub user_id: &'a str,
    /// How tries are counted; none: they are not.
    pub limit: Option<(BucketKind, BucketRule)>,
    /// What was found to be right; none where nothing was.
    pub proof: Option<Proof<'a>>,
    /// The proof confirms an enrolment that was allowed because the user had nothing of these kinds to prove: if that is no
    /// longer so, it counts as wrong.
    pub first: Option<Usable<'a>>,
    /// The `mfa_token` that a success spends.
    pub mfa_token: Option<&'a Digest>,
    /// When.
    pub now: UnixTime,
}

/// What was found to be right, and can be taken once.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    /// The code that was sent for this transaction.
    Code {
        /// The transaction.
        oob_code: &'a Digest,
        /// The authenticator that it was sent to; none where that has no row of its own.
        authenticator_id: Option<&'a str>,
    },
    /// Whatever a phone has answered, if it has.
    Push {
        /// The transaction.
        oob_code: &'a Digest,
        /// The authenticator that was asked.
        authenticator_id: &'a str,
        /// How long a client has to wait between two looks.
        interval: Duration,
    },
    /// The user's active recovery code, if it is this one; the replacement takes its place.
    RecoveryCode {
        /// What was typed.
        presented: &'a Digest,
        /// What comes next.
        replacement: &'a Digest,
    },
    /// The code that an app shows at a time step.
    Totp {
        /// The authenticator.
        authenticator_id: &'a str,
        /// The step.
        step: u64,
        /// The newest step whose code is good now: a later use was noted before the clock went back, and is void.
        newest: u64,
    },
}

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It was right, but would confirm a first authenticator for a user who has one by now.
    AlreadyEnrolled,
    /// It was right, but somebody used it before.
    AlreadyUsed,
    /// The phone said no.
    Denied,
    /// Right, and taken.
    Passed,
    /// The phone has not answered.
    Pending,
    /// The `mfa_token` was spent by another.
    Spent,
    /// Asked again too soon.
    TooFast,
    /// Tries are used up: a right one is refused too.
    TooMany(Empty),
    /// Not right.
    Wrong,
}
