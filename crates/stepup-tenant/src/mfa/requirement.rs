//! Whether a second factor is due, and which: a pure decision.
//!
//! Data in, data out: what the Actions asked for, the tenant's policy, the user's factors and what the transaction has
//! already seen. Everything else in the tenant carries out what `requirement` decided.
//!
//! The order of precedence is: commands of Actions, then `api.multifactor.enable`, then the tenant's policy.

use serde::{Deserialize, Serialize};
use stepup_protocol::mfa::FactorType;

use crate::{
    actions::{FactorCommand, MultifactorProvider, MultifactorRequest},
    config::MfaPolicy as Policy,
};

/// How many commands of Actions one flow carries out; the next one fails it.
pub(crate) const MAX_COMMANDS: usize = 4;

/// The confidence that the tenant has in a login (only [`Policy::Adaptive`] asks).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Nothing speaks against the login.
    #[default]
    High,
    /// Something does.
    Low,
}

/// The flow that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Flow {
    /// `/authorize` with pages.
    Interactive,
    /// `password`, `password-realm`.
    Password,
    /// `refresh_token`.
    Refresh,
    /// `/authorize` with `prompt=none`.
    Silent,
}

/// What the Actions leave to decide at this point of the flow.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked<'a> {
    /// A command that an Action queued, in its turn.
    Command(&'a FactorCommand),
    /// Every Action has run and no command is left: the last `api.multifactor.enable`, if there was one.
    End(Option<&'a MultifactorRequest>),
}

/// The user's factors, seen from this tenant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Factors {
    /// Factors that the tenant has on, in the order in which it prefers them.
    pub(crate) enabled: Vec<FactorType>,
    /// Factors of which the user holds an active authenticator, the automatic e-mail one included.
    pub(crate) enrolled: Vec<FactorType>,
    /// Whether the profile has an e-mail address, verified or not.
    pub(crate) has_address: bool,
    /// Whether one of these authenticators was enrolled on purpose: neither the automatic e-mail nor the code kept for the
    /// day everything else is lost.
    pub(crate) on_purpose: bool,
}

impl Factors {
    fn usable(&self) -> impl Iterator<Item = FactorType> + '_ {
        self.enabled.iter().copied().filter(|factor| self.enrolled.contains(factor))
    }

    /// Whether the user holds more than e-mail and the recovery code: what a token for the MFA API costs.
    fn more_than_email(&self) -> bool {
        self.usable().any(|factor| !matches!(factor, FactorType::Email | FactorType::RecoveryCode))
    }

    /// Factors with which the user can pass a challenge: all usable ones, unless only the recovery code is left.
    fn for_challenge(&self) -> Vec<FactorType> {
        let usable: Vec<_> = self.usable().collect();
        if usable == [FactorType::RecoveryCode] { Vec::new() } else { usable }
    }

    /// Factors that may still be enrolled under the tenant's own rule. A recovery code comes with the first factor.
    fn for_enrolment(&self) -> Vec<FactorType> {
        self.enabled
            .iter()
            .copied()
            .filter(|factor| *factor != FactorType::RecoveryCode)
            .filter(|factor| !self.enrolled.contains(factor))
            .collect()
    }
}

/// A factor that was passed in this transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Passed {
    /// Which one.
    pub(crate) factor: FactorType,
    /// How.
    pub(crate) how: How,
}

/// How a factor was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    /// The user used an authenticator.
    Challenged,
    /// The user confirmed a new one.
    Enrolled,
}

/// What has been seen of the transaction so far.
#[derive(Clone, Debug)]
pub(crate) struct Seen<'a> {
    /// The flow.
    pub(crate) flow: Flow,
    /// Factors passed in this transaction, in order.
    pub(crate) passed: &'a [Passed],
    /// Commands of Actions that have been worked off in this transaction.
    pub(crate) commands: usize,
    /// `acr_values` demands a second factor.
    pub(crate) acr_multi_factor: bool,
    /// The tokens are for the MFA API.
    pub(crate) for_mfa_api: bool,
    /// The session that goes on has passed a second factor at an earlier login.
    pub(crate) session_has_mfa: bool,
    /// The browser was remembered after an earlier second factor.
    pub(crate) browser_remembered: bool,
    /// The confidence in this login.
    pub(crate) confidence: Confidence,
    /// A code from the mailbox of the profile has made up for that, here or before in the session that goes on.
    pub(crate) mailbox_proved: bool,
}

impl Seen<'_> {
    /// Whether the confidence is low and nothing has made up for it.
    fn is_doubtful(&self) -> bool {
        self.confidence == Confidence::Low && !self.mailbox_proved
    }
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Requirement {
    /// Nothing (any more): the flow goes on.
    Nothing,
    /// The user must use one of these factors.
    Challenge(Choice),
    /// The user must enrol one of these factors.
    Enroll(Choice),
    /// The flow fails.
    Refused(Refusal),
    /// The user must enter a code from the mailbox of the profile, which is no second factor.
    ProveMailbox,
}

/// The factors among which a requirement lets the user choose: never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choice {
    /// In the order in which they are offered.
    pub(crate) factors: Vec<FactorType>,
    /// Who listed them, and so whether the wire says which (`mfa_requirements`).
    pub(crate) listed_by: ListedBy,
    /// Whether "remember this browser" may be offered.
    pub(crate) may_remember: bool,
}

/// Where a list of factors comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ListedBy {
    /// A command of an Action: `mfa_requirements` tells it.
    Action,
    /// The policy or `api.multifactor.enable`: any factor will do, and nothing is listed.
    Tenant,
}

/// Why a flow fails for want of a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Refusal {
    /// An enrolment was demanded of a user who has factors and has used none of them here.
    #[error(
        "MFA enrollment was requested but the user is already enrolled; challenge an existing factor first"
    )]
    AlreadyEnrolled,
    /// None of the listed factors can be challenged.
    #[error(
        "None of the factors requested by the Action can be used: they are not enabled or not set up for the user"
    )]
    NoFactorToChallenge,
    /// None of the listed factors can be enrolled.
    #[error("None of the factors requested by the Action can be enrolled: they are not enabled")]
    NoFactorToEnroll,
    /// More commands than a flow carries out.
    #[error("The Actions of this login requested more than {MAX_COMMANDS} factors")]
    TooManyCommands,
}

/// A decision, with what it left out on the way: each becomes a warning in the tenant's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// What is due.
    pub(crate) requirement: Requirement,
    /// What was left out.
    pub(crate) dropped: Vec<Dropped>,
}

impl From<Requirement> for Decision {
    fn from(requirement: Requirement) -> Self {
        Self { requirement, dropped: Vec::new() }
    }
}

/// What a decision left out: a factor that an Action named and that cannot be used, or what the policy asks for in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Dropped {
    /// It is enrolled already.
    #[error("the factor `{0}` is already enrolled")]
    AlreadyEnrolled(FactorType),
    /// The tenant has it off.
    #[error("the factor `{0}` is not enabled in this tenant")]
    NotEnabled(FactorType),
    /// Actions cannot have it enrolled.
    #[error("the factor `{0}` cannot be enrolled by an Action")]
    NotEnrollable(FactorType),
    /// The policy Adaptive asks for a code from the user's mailbox, and the profile has no address.
    #[error(
        "the confidence in this login is low, and the user has neither a factor nor an e-mail address to send a code to"
    )]
    NoAddress,
    /// The user has not enrolled it.
    #[error("the user has not enrolled the factor `{0}`")]
    NotEnrolled(FactorType),
    /// Nothing is due, but the policy asks and no factor is on.
    #[error("the policy asks for a second factor but the tenant has none enabled")]
    NothingEnabled,
}

/// Decides what is due now.
pub(crate) fn requirement(policy: Policy, asked: Asked<'_>, factors: &Factors, seen: &Seen<'_>) -> Decision {
    match asked {
        Asked::Command(_) if seen.commands >= MAX_COMMANDS => {
            Requirement::Refused(Refusal::TooManyCommands).into()
        }
        Asked::Command(FactorCommand::Challenge(choice)) => {
            challenge(&distinct(choice.factors.iter().map(|factor| factor.factor_type)), factors, seen)
        }
        Asked::Command(FactorCommand::Enroll(choice)) => {
            enroll(&distinct(choice.factors.iter().map(|factor| factor.factor_type)), factors, seen)
        }
        Asked::End(enabled) => at_the_end(policy, enabled, factors, seen),
    }
}

/// A `challengeWith` or `challengeWithAny`.
fn challenge(listed: &[FactorType], factors: &Factors, seen: &Seen<'_>) -> Decision {
    if seen.passed.iter().any(|passed| listed.contains(&passed.factor)) {
        return Requirement::Nothing.into();
    }
    let mut dropped = Vec::new();
    let mut usable = Vec::new();
    for &factor in listed {
        if !factors.enabled.contains(&factor) {
            dropped.push(Dropped::NotEnabled(factor));
        } else if !factors.enrolled.contains(&factor) {
            dropped.push(Dropped::NotEnrolled(factor));
        } else {
            usable.push(factor);
        }
    }
    if usable.is_empty() {
        return Decision { requirement: Requirement::Refused(Refusal::NoFactorToChallenge), dropped };
    }
    let spare = FactorType::RecoveryCode;
    let spare_is_left = !seen.passed.iter().any(|passed| passed.factor == spare);
    if spare_is_left && !usable.contains(&spare) && factors.usable().any(|factor| factor == spare) {
        usable.push(spare);
    }
    Decision { requirement: Requirement::Challenge(Choice::of_action(usable)), dropped }
}

/// An `enrollWith` or `enrollWithAny`.
fn enroll(listed: &[FactorType], factors: &Factors, seen: &Seen<'_>) -> Decision {
    let enrolled_here = |factor| seen.passed.contains(&Passed { factor, how: How::Enrolled });
    if listed.iter().copied().any(enrolled_here) {
        return Requirement::Nothing.into();
    }
    let mut dropped = Vec::new();
    let mut new = Vec::new();
    for &factor in listed {
        if matches!(factor, FactorType::Email | FactorType::RecoveryCode) {
            dropped.push(Dropped::NotEnrollable(factor));
        } else if !factors.enabled.contains(&factor) {
            dropped.push(Dropped::NotEnabled(factor));
        } else if factors.enrolled.contains(&factor) {
            dropped.push(Dropped::AlreadyEnrolled(factor));
        } else {
            new.push(factor);
        }
    }
    let all_enrolled = dropped.iter().any(|reason| matches!(reason, Dropped::AlreadyEnrolled(_)));
    let challenged = !seen.passed.is_empty();
    let requirement = match (new.is_empty(), all_enrolled) {
        (true, true) => Requirement::Nothing,
        (true, false) => Requirement::Refused(Refusal::NoFactorToEnroll),
        (false, _) if factors.on_purpose && !challenged => Requirement::Refused(Refusal::AlreadyEnrolled),
        (false, _) => Requirement::Enroll(Choice::of_action(new)),
    };
    Decision { requirement, dropped }
}

/// Every Action has run: `api.multifactor.enable`, the request itself, or the policy.
fn at_the_end(
    policy: Policy,
    enabled: Option<&MultifactorRequest>,
    factors: &Factors,
    seen: &Seen<'_>,
) -> Decision {
    // The MFA API's token lets authenticators be removed: nobody gets it on a password alone who has more than that.
    if seen.for_mfa_api && factors.more_than_email() && seen.passed.is_empty() {
        return Requirement::Challenge(Choice::of_tenant(factors.for_challenge(), false)).into();
    }
    if !seen.passed.is_empty() {
        return Requirement::Nothing.into();
    }
    let in_browser = matches!(seen.flow, Flow::Interactive | Flow::Silent);
    let wanted = match enabled.map(|request| request.provider) {
        Some(MultifactorProvider::None) => return Requirement::Nothing.into(),
        Some(_) => Wanted::ByRule { may_remember: enabled.is_some_and(|it| it.allow_remember_browser) },
        None if in_browser && seen.acr_multi_factor => Wanted::ByRequest,
        None => match policy {
            Policy::Always => Wanted::ByRule { may_remember: true },
            Policy::Adaptive if seen.flow != Flow::Refresh && seen.is_doubtful() => Wanted::OfTheDoubtful,
            Policy::Adaptive | Policy::Never => return Requirement::Nothing.into(),
        },
    };
    let already_trusted = match wanted {
        Wanted::ByRequest => false,
        Wanted::ByRule { may_remember } => {
            in_browser
                && !seen.acr_multi_factor
                && (seen.session_has_mfa || (may_remember && seen.browser_remembered && !seen.for_mfa_api))
        }
        Wanted::OfTheDoubtful => in_browser && seen.session_has_mfa,
    };
    if already_trusted {
        return Requirement::Nothing.into();
    }
    let may_remember = wanted == Wanted::ByRule { may_remember: true } && !seen.acr_multi_factor;
    let meant = |factors| match enabled.map(|request| request.provider) {
        Some(MultifactorProvider::GoogleAuthenticator) => of_the_app(factors),
        _ => factors,
    };
    let challenge = meant(factors.for_challenge());
    if !challenge.is_empty() {
        return Requirement::Challenge(Choice::of_tenant(challenge, may_remember)).into();
    }
    // An enrolment says nothing of who enrols: whoever wants it, the doubt of the policy Adaptive is met first.
    let in_doubt = policy == Policy::Adaptive && seen.is_doubtful();
    if in_doubt && in_browser && factors.has_address {
        return Requirement::ProveMailbox.into();
    }
    if wanted == Wanted::OfTheDoubtful {
        let in_vain = seen.flow == Flow::Interactive;
        let dropped = if in_vain { vec![Dropped::NoAddress] } else { Vec::new() };
        return Decision { requirement: Requirement::Nothing, dropped };
    }
    let enrolment = meant(factors.for_enrolment());
    if enrolment.is_empty() {
        Decision { requirement: Requirement::Nothing, dropped: vec![Dropped::NothingEnabled] }
    } else {
        Requirement::Enroll(Choice::of_tenant(enrolment, may_remember)).into()
    }
}

/// What `google-authenticator` means of `factors`: the app's codes and what stands in for them, unless the app is not among
/// them.
fn of_the_app(mut factors: Vec<FactorType>) -> Vec<FactorType> {
    if factors.contains(&FactorType::Otp) {
        factors.retain(|factor| matches!(factor, FactorType::Otp | FactorType::RecoveryCode));
    }
    factors
}

/// Why a second factor is wanted where no command of an Action asks for one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// `acr_values`: in this very transaction.
    ByRequest,
    /// `api.multifactor.enable` or the policy Always.
    ByRule { may_remember: bool },
    /// The policy Adaptive, which has nobody enrol.
    OfTheDoubtful,
}

impl Choice {
    fn of_action(factors: Vec<FactorType>) -> Self {
        Self { factors, listed_by: ListedBy::Action, may_remember: false }
    }

    fn of_tenant(factors: Vec<FactorType>, may_remember: bool) -> Self {
        Self { factors, listed_by: ListedBy::Tenant, may_remember }
    }
}

fn distinct(factors: impl Iterator<Item = FactorType>) -> Vec<FactorType> {
    let mut seen = Vec::new();
    for factor in factors {
        if !seen.contains(&factor) {
            seen.push(factor);
        }
    }
    seen
}

#[cfg(test)]
#[path = "requirement_tests.rs"]
mod tests;
