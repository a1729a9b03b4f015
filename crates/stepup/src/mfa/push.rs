//! Waiting for a push: the tenant is asked again and again, as it wishes to be.

pub(super) mod pace;

use std::{ops::ControlFlow, time::Duration};

pub(crate) use self::pace::{Pace, Turn};
use super::{Mfa, MfaToken, OutOfBand, Verified, Verify, VerifyError};
use crate::session::SessionState;

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
    /// tenant that cannot be reached, fails or has too many requests is asked again, less often; the error is its last one.
    pub async fn wait_for_push(
        &self,
        state: &mut SessionState,
        token: &MfaToken,
        push: OutOfBand,
        wait: PushWait,
    ) -> Result<PushOutcome, VerifyError> {
        let proof = Verify::from(push);
        let mut pace = Pace::new(&self.of(state.session()), token, proof.clone(), wait);
        let mut last = None;
        loop {
            let error = match pace.turn(self).await {
                Turn::Ask => match self.verify(state, token, proof.clone()).await {
                    Ok(verified) => return Ok(PushOutcome::Approved(verified)),
                    Err(error) => error,
                },
                Turn::Told(error) => error,
                Turn::GiveUp => return last.map_or(Ok(PushOutcome::TimedOut), Err),
            };
            if let ControlFlow::Break(end) = pace.after(&error) {
                return end.ok_or(error);
            }
            last = Some(error).filter(|error| !error.is_pending());
        }
    }
}
