//! When a push is asked about next (RFC 8628 section 3.5), and by whom: of all that wait for it in this process one asks, and all
//! hear the answer.

use std::{
    future::Future,
    mem,
    ops::ControlFlow,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::select;
use stepup_protocol::time::UnixTime;
use tokio::sync::Notify;

use super::{PushOutcome, PushWait};
use crate::{
    mfa::{Mfa, MfaToken, MfaTokenError, Refusal, Verify, VerifyError, failure::Failure, once::StepUp},
    wire_error::WireError as _,
};

/// What a tenant that says `slow_down` is spared.
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// Times are whole seconds: who did not hear the last answer knows no better when it came.
const UNKNOWN: Duration = Duration::from_secs(1);

/// How many pushes of one step-up are known of at most; beyond, the one that was looked at longest ago is forgotten.
const PUSHES: usize = 16;

/// What is known of a step-up's pushes by all that wait for them: each has its own pace, as two tabs may have sent one each.
#[derive(Default)]
pub(in crate::mfa) struct Asked {
    /// The one that was looked at last at the end.
    pushes: Mutex<Vec<Answers>>,
    news: Notify,
}

#[derive(Default)]
struct Answers {
    /// The push's fingerprint.
    of: [u8; 32],
    /// When the tenant was asked last, or has answered.
    at: Option<UnixTime>,
    /// The interval at which that was.
    asked_at: Duration,
    /// The shortest that the tenant wishes.
    interval: Duration,
    /// How long it wishes to be left alone after its last answer.
    pause: Duration,
    /// How many refusals there were, and the last one.
    count: usize,
    last: Option<Refusal>,
}

impl Asked {
    /// Hears of the next answer, from now on.
    fn news(&self) -> impl Future<Output = ()> {
        self.news.notified()
    }

    /// Notes what the tenant said.
    pub(in crate::mfa) fn refused(&self, push: &Verify, error: &VerifyError, now: UnixTime) {
        self.of(push, |answers| {
            answers.at = Some(now);
            answers.pause = error.retry_after().unwrap_or_default();
            let Some(refusal) = error.refusal() else { return };
            answers.count += 1;
            answers.last = Some(refusal.clone());
            if refusal.is_slow_down() {
                answers.interval = answers.interval.max(answers.asked_at).saturating_add(SLOW_DOWN);
            }
            if error.is_pending() {
                answers.interval = answers.interval.max(answers.pause);
            }
        });
        self.news.notify_waiters();
    }

    /// Tells everybody that there is an outcome.
    pub(in crate::mfa) fn completed(&self) {
        self.news.notify_waiters();
    }

    /// Looks at what is known of `push`.
    fn of<T>(&self, push: &Verify, look: impl FnOnce(&mut Answers) -> T) -> T {
        let of = push.fingerprint();
        let mut pushes = self.pushes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pushes.iter().position(|answers| answers.of == of).map(|place| pushes.remove(place));
        if pushes.len() >= PUSHES {
            pushes.remove(0);
        }
        let mut answers = known.unwrap_or_else(|| Answers { of, ..Answers::default() });
        let seen = look(&mut answers);
        pushes.push(answers);
        seen
    }
}

impl Answers {
    /// Takes the turn to ask, or tells how long it is until the next one.
    fn take_turn(&mut self, interval: Duration, in_step: bool, now: UnixTime) -> Result<(), Duration> {
        // The clock may have been set back since.
        self.at = self.at.filter(|at| *at <= now + UNKNOWN);
        let interval = interval.max(self.interval);
        let earliest =
            interval.max(self.pause).saturating_add(if in_step { Duration::ZERO } else { UNKNOWN });
        if let Some(due) = self.at.map(|at| at + earliest)
            && now < due
        {
            return Err(due.since(now));
        }
        (self.at, self.asked_at) = (Some(now), interval);
        Ok(())
    }
}

/// What one who waits does next.
pub(crate) enum Turn {
    /// Ask the tenant, or take the outcome that is here.
    Ask,
    /// Somebody else was told this.
    Told(VerifyError),
    /// Nothing: the time is up.
    GiveUp,
}

/// One who waits for a push.
pub(crate) struct Pace {
    push: Verify,
    /// None of a token that will not do, as the first question tells.
    step_up: Option<Arc<StepUp>>,
    wished: Duration,
    interval: Duration,
    /// How long one still waits from `looked_at` on; a clock that is set back makes it no longer.
    left: Duration,
    looked_at: UnixTime,
    /// How many answers there were when one looked last.
    seen: Option<usize>,
    /// Whether the next answer is one's own.
    asks: bool,
    /// Whether one knows to the moment when the last answer came.
    is_in_step: bool,
}

impl Pace {
    pub(crate) fn new(mfa: &Mfa<'_>, token: &MfaToken, push: Verify, wait: PushWait) -> Self {
        let interval = wait.interval.max(Duration::from_secs(1));
        Self {
            push,
            step_up: mfa.open(token).ok().map(|context| mfa.step_up(&context)),
            wished: interval,
            interval,
            left: Duration::from_secs(wait.timeout.as_secs()),
            looked_at: mfa.client.now(),
            seen: None,
            asks: false,
            is_in_step: false,
        }
    }

    /// Waits until it is one's turn to ask, or somebody else was answered, or the time is up.
    pub(crate) async fn turn(&mut self, mfa: &Mfa<'_>) -> Turn {
        let Some(step_up) = self.step_up.clone() else { return Turn::Ask };
        let mut has_waited = false;
        loop {
            let mut news = pin!(step_up.asked.news());
            let now = mfa.client.now();
            if !step_up.is_pending() {
                return Turn::Ask;
            }
            if let Some(told) = self.told(&step_up) {
                return Turn::Told(told);
            }
            let left = self.left(now);
            if has_waited && left.is_zero() {
                return Turn::GiveUp;
            }
            let pause = match self.take_turn(&step_up, now) {
                Ok(()) => return Turn::Ask,
                Err(pause) => pause.min(left),
            };
            select(news.as_mut(), pin!(mfa.client.wait(pause))).await;
            has_waited = true;
        }
    }

    /// What somebody else was told since one heard of the push last.
    fn told(&mut self, step_up: &StepUp) -> Option<VerifyError> {
        let (count, last) = step_up.asked.of(&self.push, |answers| (answers.count, answers.last.clone()));
        let (own, seen) = (mem::take(&mut self.asks), self.seen.replace(count));
        let is_news = !own && seen.is_some_and(|seen| seen < count);
        let last = last.filter(|_| is_news)?;
        self.is_in_step = true;
        Some(VerifyError::of(Failure::Refused(last), &self.push))
    }

    fn left(&mut self, now: UnixTime) -> Duration {
        self.left = self.left.saturating_sub(now.since(self.looked_at));
        self.looked_at = now;
        self.left
    }

    fn take_turn(&mut self, step_up: &StepUp, now: UnixTime) -> Result<(), Duration> {
        // Somebody is asking, and everybody hears the answer.
        if step_up.turn.try_lock().is_err() {
            return Err(self.interval);
        }
        step_up.asked.of(&self.push, |answers| answers.take_turn(self.interval, self.is_in_step, now))?;
        (self.asks, self.is_in_step) = (true, true);
        Ok(())
    }

    /// Whether `error` is an end, and which; `None`: the error itself is it.
    pub(crate) fn after(&mut self, error: &VerifyError) -> ControlFlow<Option<PushOutcome>> {
        match error {
            VerifyError::Denied(_) => ControlFlow::Break(Some(PushOutcome::Denied)),
            VerifyError::Expired(_) | VerifyError::Token(MfaTokenError::Expired) => {
                ControlFlow::Break(Some(PushOutcome::Expired))
            }
            VerifyError::Pending(_) => ControlFlow::Continue(()),
            error if error.is_passing() => {
                self.interval = self.interval.saturating_mul(2);
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Break(None),
        }
    }

    /// How long it is between two questions.
    pub(crate) fn interval(&self) -> Duration {
        let Some(step_up) = &self.step_up else { return self.interval };
        step_up.asked.of(&self.push, |answers| self.interval.max(answers.interval).max(answers.pause))
    }

    /// Whether the tenant asked for a longer interval than it was begun with.
    pub(crate) fn is_slowed(&self) -> bool {
        self.interval() > self.wished
    }
}
