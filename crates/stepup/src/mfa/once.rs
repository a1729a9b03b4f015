//! A step-up is completed once, and what completed it reaches somebody.
//!
//! Verifies of one `mfa_token` go one after the other. The first one that the tenant accepts ends the step-up: its outcome is
//! kept here until its caller, or whoever comes with the same proof for the same login after that caller went away, takes it.
//! From then on the token is refused without asking the tenant; only the ready-made pages, where a button can be pressed
//! twice, and those who wait for the same push find the outcome again for a moment.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use stepup_protocol::time::UnixTime;
use stepup_seal::digest;

use super::{MfaRequired, Verify, push::pace::Asked, token::RawToken};
use crate::{
    lately::{Digest, Sweep},
    session::Session,
    tokens::SteppedUp,
};

/// How many step-ups are remembered at most; beyond, those that end soonest go.
const REMEMBERED: usize = 4096;
/// How long the login that took an outcome finds it again.
const AGAIN: Duration = Duration::from_secs(30);

/// The step-ups that are being verified in this process, and those that have been.
#[derive(Default)]
pub(crate) struct StepUps {
    of_raw_token: Mutex<HashMap<Digest, Arc<StepUp>>>,
    sweep: Sweep,
    ended: Mutex<Ended>,
}

/// Digests of the `mfa_token`s whose step-ups ended lately.
#[derive(Default)]
struct Ended {
    known: HashSet<Digest>,
    /// The newest last.
    in_order: VecDeque<Digest>,
}

/// One `mfa_token`'s step-up.
pub(super) struct StepUp {
    /// When the token is no good any more, and there is nothing to remember.
    expires_at: UnixTime,
    /// Held by the verify that is under way.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    /// What those who wait for a push know of it.
    pub(super) asked: Asked,
    /// The channel of the last challenge or enrolment, for the counts.
    channel: Mutex<Option<&'static str>>,
    progress: Mutex<Progress>,
}

enum Progress {
    Pending,
    /// Completed, and its outcome is here for who is entitled to it. Once it was taken: until when it may be found again.
    Completed {
        owner: Entitled,
        /// Absent where nobody can get it any more.
        outcome: Option<Outcome>,
        until: Option<UnixTime>,
    },
}

/// What a right proof brought.
#[derive(Clone)]
pub(super) enum Outcome {
    /// A further factor is due.
    Further(MfaRequired),
    Granted(Box<SteppedUp>),
}

/// Who may take an outcome: the same login, with the same proof.
#[derive(Clone)]
pub(super) struct Entitled {
    digest: Digest,
    /// Whether there is a login. Without one, token and proof are all that is known of who comes, and serve once.
    logged_in: bool,
}

impl Entitled {
    pub(super) fn by(proof: &Verify, session: Option<&Session>) -> Self {
        let mut known = proof.fingerprint().to_vec();
        if let Some(session) = session {
            known.extend(session.created_at().seconds().to_be_bytes());
            known.extend(session.subject().as_bytes());
        }
        Self { digest: digest::sha256(&known), logged_in: session.is_some() }
    }

    fn is(&self, other: &Self) -> bool {
        digest::constant_time_eq(&self.digest, &other.digest)
    }
}

impl StepUps {
    /// The step-up of `raw`, which is good until `expires_at`.
    pub(super) fn of(&self, raw: &RawToken, expires_at: UnixTime, now: UnixTime) -> Arc<StepUp> {
        let mut all = self.of_raw_token.lock().unwrap_or_else(PoisonError::into_inner);
        let key = *raw.digest();
        if !all.contains_key(&key) {
            self.make_room(&mut all, now);
        }
        Arc::clone(all.entry(key).or_insert_with(|| Arc::new(StepUp::new(expires_at))))
    }

    /// Removes what is over, and those that end soonest if there are too many. One that is under way stays.
    fn make_room(&self, all: &mut HashMap<Digest, Arc<StepUp>>, now: UnixTime) {
        let is_busy = |step_up: &Arc<StepUp>| Arc::strong_count(step_up) > 1;
        if self.sweep.is_due(now) {
            all.values().for_each(|step_up| step_up.let_go(now));
            all.retain(|_, step_up| is_busy(step_up) || now < step_up.expires_at);
        }
        if all.len() >= REMEMBERED {
            let mut ends: Vec<UnixTime> = all.values().map(|step_up| step_up.expires_at).collect();
            let (_, median, _) = ends.select_nth_unstable(REMEMBERED / 2);
            let median = *median;
            all.retain(|_, step_up| is_busy(step_up) || step_up.expires_at > median);
        }
    }

    /// Notes that the step-up of `raw` ended, and tells whether that is news.
    pub(super) fn end(&self, raw: &RawToken) -> bool {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let key = *raw.digest();
        if !ended.known.insert(key) {
            return false;
        }
        ended.in_order.push_back(key);
        if ended.in_order.len() > REMEMBERED
            && let Some(oldest) = ended.in_order.pop_front()
        {
            ended.known.remove(&oldest);
        }
        true
    }
}

impl StepUp {
    fn new(expires_at: UnixTime) -> Self {
        Self {
            expires_at,
            turn: Arc::default(),
            asked: Asked::default(),
            channel: Mutex::default(),
            progress: Mutex::new(Progress::Pending),
        }
    }

    /// Notes by which channel the user was asked.
    pub(super) fn asked_by(&self, channel: &'static str) {
        *self.channel.lock().unwrap_or_else(PoisonError::into_inner) = Some(channel);
    }

    /// By which channel the user was asked last, if that was in this process.
    pub(super) fn channel(&self) -> Option<&'static str> {
        *self.channel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_pending(&self) -> bool {
        matches!(*self.progress(), Progress::Pending)
    }

    /// Whether its outcome is here for `entitled`, and was not taken.
    pub(super) fn awaits(&self, entitled: &Entitled) -> bool {
        matches!(&*self.progress(), Progress::Completed { owner, until: None, .. } if owner.is(entitled))
    }

    /// Whether it was `entitled` who completed it.
    pub(super) fn was_completed_by(&self, entitled: &Entitled) -> bool {
        matches!(&*self.progress(), Progress::Completed { owner, .. } if owner.is(entitled))
    }

    pub(super) fn complete(&self, owner: Entitled, outcome: Outcome) {
        *self.progress() = Progress::Completed { owner, outcome: Some(outcome), until: None };
        self.asked.completed();
    }

    /// Hands its outcome over, once. A login finds it again for a moment.
    pub(super) fn take(&self, entitled: &Entitled, now: UnixTime) -> Option<Outcome> {
        match &mut *self.progress() {
            Progress::Completed { owner, outcome, until: until @ None } if owner.is(entitled) => {
                *until = Some(now + AGAIN);
                if owner.logged_in { outcome.clone() } else { outcome.take() }
            }
            Progress::Completed { .. } | Progress::Pending => None,
        }
    }

    /// Its outcome for the login that took it a moment ago.
    pub(super) fn take_again(&self, entitled: &Entitled, now: UnixTime) -> Option<Outcome> {
        match &*self.progress() {
            Progress::Completed { owner, outcome, until: Some(until) }
                if owner.is(entitled) && now < *until =>
            {
                outcome.clone()
            }
            Progress::Completed { .. } | Progress::Pending => None,
        }
    }

    /// Lets go of an outcome that nobody can get any more: there are tokens in it.
    fn let_go(&self, now: UnixTime) {
        if let Progress::Completed { outcome, until: Some(until), .. } = &mut *self.progress()
            && *until <= now
        {
            *outcome = None;
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert!(step_up.is_pending() && !step_up.awaits(&right) && step_up.take(&right, at(0)).is_none());

        step_up.complete(right.clone(), further());
        let again = step_ups.of(&raw("a"), at(300), at(1));
        assert!(!again.is_pending() && again.awaits(&right) && !again.awaits(&other));
        assert!(again.take(&other, at(1)).is_none(), "another proof");
        assert!(again.take(&right, at(1)).is_some());
        assert!(again.take(&right, at(1)).is_none() && !again.is_pending(), "used");
        assert!(step_ups.of(&raw("b"), at(300), at(1)).is_pending(), "another token");
    }

    #[test]
    fn the_login_that_took_an_outcome_finds_it_again_for_a_moment() {
        let nobody = Entitled::by(&Verify::otp("1"), None);
        let login = Entitled { logged_in: true, ..nobody.clone() };
        let step_up = StepUp::new(at(300));
        step_up.complete(login.clone(), further());
        assert!(step_up.take_again(&login, at(100)).is_none(), "it was not taken yet");
        assert!(step_up.take(&login, at(100)).is_some());
        for (second, is_there) in [(100, true), (129, true), (130, false)] {
            assert_eq!(step_up.take_again(&login, at(second)).is_some(), is_there, "{second}");
        }
        let step_up = StepUp::new(at(300));
        step_up.complete(nobody.clone(), further());
        assert!(step_up.take(&nobody, at(100)).is_some() && step_up.take_again(&nobody, at(100)).is_none());
    }

    #[test]
    fn a_step_up_ends_once() {
        let step_ups = StepUps::default();
        assert!(step_ups.end(&raw("a")) && !step_ups.end(&raw("a")));
        for number in 0..REMEMBERED {
            assert!(step_ups.end(&raw(&number.to_string())));
        }
        let ended = step_ups.ended.lock().unwrap();
        assert_eq!((ended.known.len(), ended.in_order.len()), (REMEMBERED, REMEMBERED));
    }

    #[test]
    fn what_nobody_can_get_is_let_go() {
        let step_ups = StepUps::default();
        let nobody = Entitled::by(&Verify::otp("1"), None);
        let login = Entitled { logged_in: true, ..nobody.clone() };
        let outcome_of = |name| {
            let step_up = Arc::clone(&step_ups.of_raw_token.lock().unwrap()[raw(name).digest()]);
            matches!(&*step_up.progress(), Progress::Completed { outcome: Some(_), .. })
        };
        for (name, owner) in [("a", &nobody), ("b", &login)] {
            let step_up = step_ups.of(&raw(name), at(600), at(0));
            step_up.complete(owner.clone(), further());
            assert!(step_up.take(owner, at(100)).is_some());
        }
        assert!(!outcome_of("a") && outcome_of("b"), "a login finds it again");
        step_ups.of(&raw("c"), at(731), at(130));
        assert!(!outcome_of("b"));
        step_ups.of(&raw("d"), at(1201), at(601));
        assert_eq!(step_ups.of_raw_token.lock().unwrap().len(), 2, "those whose time is not over");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let step_ups = StepUps::default();
        for number in 0..2 * REMEMBERED {
            step_ups.of(&raw(&number.to_string()), at(300), at(0));
            assert!(step_ups.of_raw_token.lock().unwrap().len() <= REMEMBERED);
        }
    }
}
