//! Waiting for a push: the tenant is asked again and again, as it wishes to be (RFC 8628 section 3.5 has the rules).

use std::{ops::ControlFlow, time::Duration};

use stepup_protocol::time::UnixTime;

use super::{Mfa, MfaToken, MfaTokenError, OutOfBand, Verified, Verify, VerifyError};
use crate::session::SessionState;

/// What a tenant that says `slow_down` is spared.
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// How often to ask whether a push was answered, and for how long.
///
/// ```
/// use std::time::Duration;
/// use stepup::mfa::PushWait;
///
/// let wait = PushWait::default().interval(Duration::from_secs(2)).timeout(Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushWait {
    interval: Duration,
    timeout: Duration,
}

/// Every 5 seconds, for 5 minutes: a push lives no longer.
impl Default for PushWait {
    fn default() -> Self {
        Self { interval: Duration::from_secs(5), timeout: Duration::from_secs(300) }
    }
}

impl PushWait {
    /// The time between two questions, in whole seconds; longer once the tenant asked for that.
    #[must_use]
    pub const fn interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// When to give up, in whole seconds from now.
    #[must_use]
    pub const fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}

/// How the wait for a push ended.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum PushOutcome {
    /// The user approved, and the result is in the session.
    Approved(Verified),
    /// The user said no. The push is over; the step-up is not.
    Denied,
    /// The push, or the step-up itself, is too old to be answered.
    Expired,
    /// Nobody has answered yet. The push is still there: waiting may go on.
    TimedOut,
}

impl Mfa<'_> {
    /// Waits until the user has answered a push that [`Mfa::challenge`] sent, or until the phone has scanned the code of
    /// an enrolment; what comes is then in the session, as after [`Mfa::verify`].
    ///
    /// Drop the future to stop waiting. Nothing is lost by that: an approval that was on its way is found by the next
    /// call for the same push.
    ///
    /// ```
    /// # use stepup::{Client, SessionState, mfa::{Challenge, MfaToken, PushOutcome, PushWait, Verify}};
    /// # async fn wait(client: &Client, session: &mut SessionState, token: &MfaToken) -> Result<(), Box<dyn std::error::Error>> {
    /// let mfa = client.mfa();
    /// let sent = mfa.challenge(token, &Challenge::oob()).await?;
    /// let push = Verify::oob(sent.oob_code.unwrap_or_default());
    /// match mfa.wait_for_push(session, token, push, PushWait::default()).await? {
    ///     PushOutcome::Approved(_verified) => {}           // the access token is in the session
    ///     PushOutcome::Denied => {}                        // offer another way
    ///     _ => {}                                          // offer to send it again
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`VerifyError`]; among them [`VerifyError::MfaRequired`] where an Action wants a further factor after this one. A
    /// tenant that cannot be reached is asked again, less often; the error is its last one.
    pub async fn wait_for_push(
        &self,
        state: &mut SessionState,
        token: &MfaToken,
        push: OutOfBand,
        wait: PushWait,
    ) -> Result<PushOutcome, VerifyError> {
        let proof = Verify::from(push);
        let mut pace = Pace::new(wait, self.client.now());
        loop {
            let error = match self.verify(state, token, proof.clone()).await {
                Ok(verified) => return Ok(PushOutcome::Approved(verified)),
                Err(error) => error,
            };
            if let ControlFlow::Break(end) = pace.after(&error) {
                return end.ok_or(error);
            }
            self.client.wait(pace.pause(self.client.now())).await;
            if pace.is_over(self.client.now()) {
                return if error.is_pending() { Ok(PushOutcome::TimedOut) } else { Err(error) };
            }
        }
    }
}

/// When to ask next, and when not any more.
#[derive(Debug)]
pub(crate) struct Pace {
    wished: Duration,
    interval: Duration,
    deadline: UnixTime,
}

impl Pace {
    pub(crate) fn new(wait: PushWait, now: UnixTime) -> Self {
        let interval = wait.interval.max(Duration::from_secs(1));
        Self { wished: interval, interval, deadline: now + wait.timeout }
    }

    /// Whether `error` is an end, and which; `None`: the error itself is it.
    pub(crate) fn after(&mut self, error: &VerifyError) -> ControlFlow<Option<PushOutcome>> {
        match error {
            VerifyError::Denied(_) => ControlFlow::Break(Some(PushOutcome::Denied)),
            VerifyError::Expired(_) | VerifyError::Token(MfaTokenError::Expired) => {
                ControlFlow::Break(Some(PushOutcome::Expired))
            }
            VerifyError::Pending(refusal) => {
                if refusal.is_slow_down() {
                    self.interval += SLOW_DOWN;
                }
                self.interval = self.interval.max(refusal.retry_after.unwrap_or_default());
                ControlFlow::Continue(())
            }
            VerifyError::Unavailable(_) => {
                self.interval *= 2;
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Break(None),
        }
    }

    /// How long to wait from `now`: never past the end.
    pub(crate) fn pause(&self, now: UnixTime) -> Duration {
        self.interval.min(self.deadline.since(now))
    }

    pub(crate) fn is_over(&self, now: UnixTime) -> bool {
        now >= self.deadline
    }

    pub(crate) const fn interval(&self) -> Duration {
        self.interval
    }

    /// Whether the tenant asked for a longer interval than it was begun with.
    pub(crate) fn is_slowed(&self) -> bool {
        self.interval > self.wished
    }
}
