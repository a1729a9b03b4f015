//! How far a flow has come: kept with the transaction whenever it pauses.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stepup_protocol::{mfa::FactorType, time::UnixTime};

use crate::{
    actions::{Changes, FactorCommand, MultifactorRequest, Redirect},
    mfa::requirement::{Choice, How, Passed, Requirement},
    model::{AuthenticationMethod, TenantSession},
    risk::RiskAssessment,
};

/// How far the Actions of one flow have come, and what the user has proved on the way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Index of the Action that runs next.
    pub(crate) next: usize,
    /// Commands of the Action before it that are still to be worked off.
    pub(crate) queue: VecDeque<FactorCommand>,
    /// Commands that have been worked off.
    pub(crate) commands: usize,
    /// The last `api.multifactor.enable`.
    pub(crate) multifactor: Option<MultifactorRequest>,
    /// Where the Action before `next` sends the browser once the queue is empty.
    pub(crate) redirect: Option<Redirect>,
    /// Whether the browser is away and the Action before `next` continues when it returns.
    pub(crate) away: bool,
    /// What the Actions want done at the end.
    pub(crate) changes: Changes,
    /// `event.transaction.metadata`.
    pub(crate) metadata: Map<String, Value>,
    /// Factors passed in this transaction.
    pub(crate) passed: Vec<Passed>,
    /// Whether a code from the mailbox of the profile was entered, in this transaction or before in its session.
    #[serde(default)]
    pub(crate) mailbox_proved: bool,
    /// `event.authentication.methods`.
    pub(crate) methods: Vec<AuthenticationMethod>,
    /// How the login was assessed, where it was.
    #[serde(default)]
    pub(crate) risk: Option<RiskAssessment>,
    /// How long Actions have run in it.
    #[serde(default)]
    pub(crate) ran: Duration,
    /// What the flow waits for.
    pub(crate) waiting: Option<Requirement>,
}

impl Progress {
    /// A flow in which the user has proved `methods` and nothing else has happened.
    pub(crate) fn begin(methods: Vec<AuthenticationMethod>) -> Self {
        Self { methods, ..Self::default() }
    }

    /// A flow that goes on with what was proved in `session`.
    pub(crate) fn of_session(session: &TenantSession) -> Self {
        Self { mailbox_proved: session.mailbox_proved, ..Self::begin(session.methods.clone()) }
    }

    /// Notes that the user passed `factor`, which ends what the flow waited for.
    pub(crate) fn pass(&mut self, factor: FactorType, how: How, now: UnixTime) {
        self.passed.push(Passed { factor, how });
        self.methods.push(AuthenticationMethod::mfa(factor, now));
        self.waiting = None;
        // The command at the head of the queue, if there is one, is what was waited for.
        if self.queue.pop_front().is_some() {
            self.commands += 1;
        }
    }

    /// Notes that the mailbox was proved, which ends what the flow waited for and is no factor.
    pub(crate) fn prove_mailbox(&mut self) {
        self.mailbox_proved = true;
        self.waiting = None;
    }

    /// Whether a factor was passed in this very transaction.
    pub(crate) fn has_mfa(&self) -> bool {
        !self.passed.is_empty()
    }

    /// The factors with which the flow can go on, if it waits for a challenge.
    pub(crate) fn challenge(&self) -> Option<&Choice> {
        match &self.waiting {
            Some(Requirement::Challenge(choice)) => Some(choice),
            _ => None,
        }
    }

    /// The factors of which one must be enrolled, if it waits for that.
    pub(crate) fn enrolment(&self) -> Option<&Choice> {
        match &self.waiting {
            Some(Requirement::Enroll(choice)) => Some(choice),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::{Factor, FactorChoice, Selection};

    #[test]
    fn passing_a_factor_works_off_the_command_it_was_for() {
        let command = FactorCommand::Challenge(FactorChoice {
            selection: Selection::Any,
            factors: vec![Factor::new(FactorType::Otp)],
        });
        let mut progress =
            Progress { queue: [command.clone(), command].into(), ..Progress::begin(Vec::new()) };
        progress.pass(FactorType::Otp, How::Challenged, UnixTime::from_seconds(7));
        assert_eq!((progress.queue.len(), progress.commands), (1, 1));
        assert!(progress.has_mfa());
        assert_eq!(progress.methods, [AuthenticationMethod::mfa(FactorType::Otp, UnixTime::from_seconds(7))]);
        let kept = serde_json::to_value(&progress).unwrap();
        assert_eq!(serde_json::from_value::<Progress>(kept).unwrap(), progress);
    }
}
