//! Whether what a user typed proves a factor: the same for the MFA grants and for the pages.

use std::time::Duration;

use stepup_protocol::mfa::FactorType;

use super::{otp, recovery_code};
use crate::{
    mfa::{
        enrolment::enrolled_on_purpose,
        requirement::{How, ListedBy, Requirement},
    },
    model::{Authenticator, Bucket, BucketKind, BucketRule, Credential, User},
    oauth::{audit::Audit, error::Failure},
    pipeline::{Caller, Progress},
    state::Shared,
};

/// How long until one more attempt is there.
const REFILL: Duration = Duration::from_secs(360);

/// What came of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Right, but used before.
    AlreadyUsed,
    /// Not a code at all; no attempt was spent on it.
    Malformed,
    /// Right.
    Passed(How),
    /// Attempts are used up: a right code is refused too.
    TooMany,
    /// Not right.
    Wrong,
}

/// Which authenticators may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acceptable {
    /// Those that are confirmed.
    pub(crate) active: bool,
    /// Those that a first code confirms.
    pub(crate) pending: bool,
}

impl Acceptable {
    /// Which authenticators of `factor` the flow that waits in `progress` accepts from a user who holds `held`.
    ///
    /// A pending one counts only where an enrolment is asked for of a user who has nothing else, or who has used it in this
    /// flow: otherwise whoever knows the password could enrol a factor and pass it off as the user's.
    pub(crate) fn of(progress: &Progress, factor: FactorType, held: &[Authenticator]) -> Self {
        match &progress.waiting {
            Some(Requirement::Challenge(choice)) => {
                Self { active: choice.factors.contains(&factor), pending: false }
            }
            Some(Requirement::Enroll(choice)) if choice.factors.contains(&factor) => Self {
                active: choice.listed_by == ListedBy::Tenant,
                pending: !enrolled_on_purpose(held) || progress.has_mfa(),
            },
            _ => Self { active: false, pending: false },
        }
    }

    /// Whether none may.
    pub(crate) const fn nothing(self) -> bool {
        !self.active && !self.pending
    }
}

/// Whose code it is, and where it came from.
#[derive(Clone, Copy)]
pub(crate) struct Typed<'a> {
    /// The tenant.
    pub(crate) shared: &'a Shared,
    /// Where the request came from.
    pub(crate) caller: &'a Caller,
    /// Whose factor is asked for.
    pub(crate) user: &'a User,
    /// What was typed.
    pub(crate) code: &'a str,
}

impl Typed<'_> {
    /// Judges a code of an authenticator app.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn as_otp(
        self,
        held: &[Authenticator],
        acceptable: Acceptable,
    ) -> Result<Verdict, Failure> {
        if otp::is_malformed(self.code) {
            return Ok(Verdict::Malformed);
        }
        let Some(attempt) = self.attempt(BucketKind::Code).await? else {
            self.log("gd_otp_rate_limit_exceed", "too many failed codes").await;
            return Ok(Verdict::TooMany);
        };
        let verdict = self.match_step(held, acceptable).await?;
        match verdict {
            Verdict::Passed(How::Enrolled) => self.log("gd_enrollment_complete", "otp").await,
            Verdict::Passed(How::Challenged) => self.log("gd_auth_succeed", "otp").await,
            _ => self.log("gd_auth_failed", "otp").await,
        }
        if matches!(verdict, Verdict::Passed(_)) {
            self.give_back(attempt).await?;
        }
        Ok(verdict)
    }

    async fn match_step(&self, held: &[Authenticator], acceptable: Acceptable) -> Result<Verdict, Failure> {
        let now = self.shared.clock.now();
        let mut verdict = Verdict::Wrong;
        for authenticator in held {
            let Credential::Totp { secret, .. } = &authenticator.credential else { continue };
            let (may, how) = if authenticator.active() {
                (acceptable.active, How::Challenged)
            } else {
                (acceptable.pending, How::Enrolled)
            };
            if !may {
                continue;
            }
            if let Some(step) = otp::check(secret, self.code, now) {
                // Of two requests with one code, the store lets one through (RFC 6238 section 5.2).
                if self.shared.store.accept_totp_step(&authenticator.id, step, now).await? {
                    return Ok(Verdict::Passed(how));
                }
                verdict = Verdict::AlreadyUsed;
            }
        }
        Ok(verdict)
    }

    /// Judges a recovery code; a right one is spent and `replacement` takes its place.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn as_recovery_code(self, replacement: &str) -> Result<Verdict, Failure> {
        let Some(code) = recovery_code::normalized(self.code) else { return Ok(Verdict::Malformed) };
        let Some(attempt) = self.attempt(BucketKind::RecoveryCode).await? else {
            self.log("gd_recovery_rate_limit_exceed", "too many failed codes").await;
            return Ok(Verdict::TooMany);
        };
        let (spent, new) = (recovery_code::digest(&code), recovery_code::digest(replacement));
        let now = self.shared.clock.now();
        if self.shared.store.take_recovery_code(&self.user.user_id, &spent, &new, now).await? {
            self.log("gd_recovery_succeed", "recovery-code").await;
            self.give_back(attempt).await?;
            return Ok(Verdict::Passed(How::Challenged));
        }
        self.log("gd_recovery_failed", "recovery-code").await;
        Ok(Verdict::Wrong)
    }

    /// Takes an attempt before the code is looked at, so that many guesses at once cannot pass; none where they are used up.
    async fn attempt(&self, kind: BucketKind) -> Result<Option<Taken>, Failure> {
        let Some(size) = self.shared.config.mfa.code_attempts else { return Ok(Some(Taken(None))) };
        let rule = BucketRule { size, refill: REFILL };
        let bucket = Bucket { kind, subject: &self.user.user_id };
        let taken = self.shared.store.take_attempt(bucket, rule, self.shared.clock.now()).await?;
        Ok(taken.then_some(Taken(Some((kind, rule)))))
    }

    async fn give_back(&self, Taken(taken): Taken) -> Result<(), Failure> {
        if let Some((kind, rule)) = taken {
            let bucket = Bucket { kind, subject: &self.user.user_id };
            self.shared.store.return_attempt(bucket, rule).await?;
        }
        Ok(())
    }

    async fn log(&self, kind: &str, description: &str) {
        Audit::new(self.shared, self.caller).user(self.user).describe(description).write(kind).await;
    }
}

/// An attempt that was taken out of a bucket, where attempts are counted.
struct Taken(Option<(BucketKind, BucketRule)>);
