//! A step-up is completed once, and what completed it reaches somebody.
//!
//! Verifies of one `mfa_token` go one after the other. The first one that the tenant accepts ends the step-up: its outcome is kept
//! here until its caller, or whoever comes with the same proof for the same login after that caller went away, takes it. From then
//! on the token is refused without asking the tenant.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use stepup_protocol::time::UnixTime;
use stepup_seal::digest;

use super::{MfaRequired, Verify, token::RawToken};
use crate::{session::Session, tokens::SteppedUp};

/// How many step-ups are remembered at most; beyond, those that end soonest go.
const REMEMBERED: usize = 4096;

/// The step-ups that are being verified in this process, and those that have been.
#[derive(Default)]
pub(crate) struct StepUps(Mutex<HashMap<[u8; 32], Arc<StepUp>>>);

/// One `mfa_token`'s step-up.
pub(super) struct StepUp {
    /// When the token is no good any more, and there is nothing to remember.
    expires_at: UnixTime,
    /// Held by the verify that is under way.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    progress: Mutex<Progress>,
}

enum Progress {
    Pending,
    /// Completed, and its outcome waits for who is entitled to it.
    Completed(Entitled, Outcome),
    Used,
}

/// What a right proof brought.
pub(super) enum Outcome {
    /// A further factor is due.
    Further(MfaRequired),
    Granted(Box<SteppedUp>),
}

/// Who may take an outcome: the same login, with the same proof.
#[derive(Clone)]
pub(super) struct Entitled([u8; 32]);

impl Entitled {
    pub(super) fn by(proof: &Verify, session: Option<&Session>) -> Self {
        let mut known = proof.fingerprint().to_vec();
        if let Some(session) = session {
            known.extend(session.created_at().seconds().to_be_bytes());
            known.extend(session.subject().as_bytes());
        }
        Self(digest::sha256(&known))
    }

    fn is(&self, other: &Self) -> bool {
        digest::constant_time_eq(&self.0, &other.0)
    }
}

impl StepUps {
    /// The step-up of `raw`, which is good until `expires_at`.
    pub(super) fn of(&self, raw: &RawToken, expires_at: UnixTime, now: UnixTime) -> Arc<StepUp> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = digest::sha256(raw.expose().as_bytes());
        if !all.contains_key(&key) {
            make_room(&mut all, now);
        }
        Arc::clone(all.entry(key).or_insert_with(|| Arc::new(StepUp::new(expires_at))))
    }
}

impl StepUp {
    fn new(expires_at: UnixTime) -> Self {
        Self { expires_at, turn: Arc::default(), progress: Mutex::new(Progress::Pending) }
    }

    pub(super) fn is_pending(&self) -> bool {
        matches!(*self.progress(), Progress::Pending)
    }

    /// Whether its outcome is here for `entitled`.
    pub(super) fn awaits(&self, entitled: &Entitled) -> bool {
        matches!(&*self.progress(), Progress::Completed(owner, _) if owner.is(entitled))
    }

    pub(super) fn complete(&self, entitled: Entitled, outcome: Outcome) {
        *self.progress() = Progress::Completed(entitled, outcome);
    }

    /// Hands its outcome over, once.
    pub(super) fn take(&self, entitled: &Entitled) -> Option<Outcome> {
        let mut progress = self.progress();
        match std::mem::replace(&mut *progress, Progress::Used) {
            Progress::Completed(owner, outcome) if owner.is(entitled) => Some(outcome),
            others => {
                *progress = others;
                None
            }
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(all: &mut HashMap<[u8; 32], Arc<StepUp>>, now: UnixTime) {
    if all.len() < REMEMBERED / 4 {
        return;
    }
    let is_busy = |step_up: &Arc<StepUp>| Arc::strong_count(step_up) > 1;
    all.retain(|_, step_up| is_busy(step_up) || now < step_up.expires_at);
    if all.len() >= REMEMBERED {
        let mut ends: Vec<UnixTime> = all.values().map(|step_up| step_up.expires_at).collect();
        let (_, median, _) = ends.select_nth_unstable(REMEMBERED / 2);
        let median = *median;
        all.retain(|_, step_up| is_busy(step_up) || step_up.expires_at > median);
    }
}

impl std::fmt::Debug for StepUps {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StepUps").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> RawToken {
        RawToken::new(text.to_owned()).unwrap()
    }

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    fn further() -> Outcome {
        Outcome::Further(MfaRequired::new(None, None, None))
    }

    #[test]
    fn an_outcome_is_taken_once_by_who_is_entitled() {
        let step_ups = StepUps::default();
        let (right, other) = (Entitled::by(&Verify::otp("1"), None), Entitled::by(&Verify::otp("2"), None));
        let step_up = step_ups.of(&raw("a"), at(300), at(0));
        assert!(step_up.is_pending() && !step_up.awaits(&right) && step_up.take(&right).is_none());

        step_up.complete(right.clone(), further());
        let again = step_ups.of(&raw("a"), at(300), at(1));
        assert!(!again.is_pending() && again.awaits(&right) && !again.awaits(&other));
        assert!(again.take(&other).is_none(), "another proof");
        assert!(again.take(&right).is_some());
        assert!(again.take(&right).is_none() && !again.is_pending(), "used");
        assert!(step_ups.of(&raw("b"), at(300), at(1)).is_pending(), "another token");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let step_ups = StepUps::default();
        for number in 0..2 * REMEMBERED {
            step_ups.of(&raw(&number.to_string()), at(300), at(0));
            assert!(step_ups.0.lock().unwrap().len() <= REMEMBERED);
        }
    }
}
