//! What a user answers, and what comes of it: the same for the MFA grants and for the pages.

use crate::{
    mfa::requirement::{How, Passed},
    model::{BucketKind, BucketRule, Digest, Empty, OobTransaction},
    oauth::error::Failure,
    store::{Attempt, Judged, Proof},
};

use super::{Kind, Transaction};

/// What a user answers.
#[derive(Clone, Copy)]
pub(crate) enum Answer<'a> {
    /// A code that an authenticator app shows.
    App {
        /// What was typed.
        code: &'a str,
        /// The one authenticator that it may be of; none: any of the user's.
        only: Option<&'a str>,
    },
    /// The answer to something that was sent.
    Oob {
        /// The digest of its `oob_code`.
        oob_code: &'a Digest,
        /// What was sent.
        sent: &'a OobTransaction,
        /// What was typed; ignored where a phone answers.
        binding_code: Option<&'a str>,
    },
    /// The recovery code.
    RecoveryCode {
        /// What was typed.
        code: &'a str,
        /// What takes its place.
        replacement: &'a str,
    },
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It would confirm a new authenticator, but the user has enrolled another elsewhere in the meantime.
    AlreadyEnrolled,
    /// Right, but used before.
    AlreadyUsed,
    /// The phone said no.
    Denied,
    /// What was sent is too old.
    Expired,
    /// What was sent belongs to another transaction.
    Foreign,
    /// Not a code at all; no attempt was spent on it.
    Malformed,
    /// No code was typed where one has to be.
    Missing,
    /// The flow does not accept that factor.
    NotAccepted,
    /// Right, and spent.
    Passed(Passed),
    /// The phone has not answered.
    Pending,
    /// The transaction that it was for has gone on without it.
    Spent,
    /// Asked again too soon.
    TooFast,
    /// Attempts are used up: a right code is refused too.
    TooMany(Empty),
    /// Nothing was sent under that name, or it is spent.
    Unknown,
    /// Not right.
    Wrong,
}

impl Transaction<'_> {
    /// Has the store judge a try, and take what is right.
    pub(super) async fn prove(
        &self,
        limit: Option<(BucketKind, BucketRule)>,
        proof: Option<Proof<'_>>,
        passed: Passed,
    ) -> Result<Verdict, Failure> {
        // Whether a phone could still be enrolled was judged when it scanned the QR code.
        let scanned = matches!(proof, Some(Proof::Push { .. }));
        let first = passed.how == How::Enrolled && self.first() && !scanned;
        let usable = Kind::usable(&self.shared.config);
        let judged = self
            .shared
            .store
            .prove(Attempt {
                user_id: &self.user.user_id,
                limit,
                proof,
                first: first.then_some(usable.as_slice()),
                mfa_token: self.mfa_token(),
                now: self.shared.clock.now(),
            })
            .await?;
        Ok(match judged {
            Judged::AlreadyEnrolled => Verdict::AlreadyEnrolled,
            Judged::AlreadyUsed => Verdict::AlreadyUsed,
            Judged::Denied => Verdict::Denied,
            Judged::Passed => Verdict::Passed(passed),
            Judged::Pending => Verdict::Pending,
            Judged::Spent => Verdict::Spent,
            Judged::TooFast => Verdict::TooFast,
            Judged::TooMany(empty) => Verdict::TooMany(empty),
            Judged::Wrong => Verdict::Wrong,
        })
    }

    /// Logs what came of a code.
    pub(super) async fn log_verdict(&self, verdict: Verdict, what: &str) {
        let event = match verdict {
            Verdict::Passed(Passed { how: How::Enrolled, .. }) => "gd_enrollment_complete",
            Verdict::Passed(Passed { how: How::Challenged, .. }) => "gd_auth_succeed",
            Verdict::AlreadyUsed | Verdict::Wrong => "gd_auth_failed",
            Verdict::Denied => "gd_auth_rejected",
            Verdict::TooMany(_) => "gd_otp_rate_limit_exceed",
            Verdict::AlreadyEnrolled
            | Verdict::Expired
            | Verdict::Foreign
            | Verdict::Malformed
            | Verdict::Missing
            | Verdict::NotAccepted
            | Verdict::Pending
            | Verdict::Spent
            | Verdict::TooFast
            | Verdict::Unknown => return,
        };
        self.log(event, what).await;
    }
}
