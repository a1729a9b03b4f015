//! Which authenticators may answer: those that the waiting flow asks for, and nothing that could be passed off as theirs.

use stepup_protocol::mfa::FactorType;

use super::enrolled_on_purpose;
use crate::{
    actions::FactorCommand,
    config::TenantConfig,
    mfa::requirement::{ListedBy, Requirement},
    model::Authenticator,
    pipeline::Progress,
};

/// Which authenticators may answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Acceptable<'a> {
    /// Those that a flow asks for.
    Asked(&'a Progress),
    /// New ones alone: an enrolment with a token for the MFA API, which has cost a factor where there was one, or with an
    /// administrator's ticket.
    New,
}

impl Acceptable<'_> {
    /// Whether a confirmed authenticator of `factor` may answer.
    pub(crate) fn active(self, factor: FactorType) -> bool {
        let Self::Asked(progress) = self else { return false };
        match &progress.waiting {
            Some(Requirement::Challenge(choice)) => {
                choice.listed_by == ListedBy::Tenant || choice.factors.contains(&factor)
            }
            // Whoever was to enrol one, and has done so elsewhere in the meantime, may use it.
            Some(Requirement::Enroll(choice)) => choice.listed_by == ListedBy::Tenant,
            Some(Requirement::Nothing | Requirement::ProveMailbox | Requirement::Refused(_)) | None => false,
        }
    }

    /// Whether a new authenticator of `factor` may be begun and confirmed by a user who holds `held`.
    ///
    /// In a flow that is so only where the user has nothing else to prove, or has proved it here: otherwise whoever knows
    /// the password could enrol a factor and pass it off as the user's.
    pub(crate) fn pending(self, config: &TenantConfig, factor: FactorType, held: &[Authenticator]) -> bool {
        let Self::Asked(progress) = self else { return true };
        (progress.has_mfa() || !enrolled_on_purpose(config, held)) && asks_to_enroll(progress, factor)
    }

    /// Whether what was begun to be enrolled in a flow cannot be confirmed any more: the user, who has proved nothing in it,
    /// has enrolled something of `held` elsewhere since.
    pub(crate) fn overtaken<'a>(
        self,
        config: &TenantConfig,
        held: impl IntoIterator<Item = &'a Authenticator>,
    ) -> bool {
        let Self::Asked(progress) = self else { return false };
        let could_begin = match &progress.waiting {
            Some(Requirement::Challenge(choice)) => choice.listed_by == ListedBy::Tenant,
            Some(Requirement::Enroll(_)) => true,
            Some(Requirement::Nothing | Requirement::ProveMailbox | Requirement::Refused(_)) | None => false,
        };
        could_begin && !progress.has_mfa() && enrolled_on_purpose(config, held)
    }

    /// Whether the code of a push enrolment's app may stand for the answer of its phone: unless the Action that asked for
    /// a push said `otpFallback: false`.
    pub(crate) fn app_for_push(self) -> bool {
        let Self::Asked(progress) = self else { return false };
        let forbidden = || {
            let command = progress.queue.front().map(FactorCommand::choice);
            command.is_some_and(|choice| {
                choice.factors.iter().any(|it| {
                    it.factor_type == FactorType::PushNotification && it.options.otp_fallback == Some(false)
                })
            })
        };
        progress.challenge().is_some_and(|it| it.factors.contains(&FactorType::PushNotification))
            && !forbidden()
    }

    /// Whether an enrolment begun here is void as soon as the user has enrolled something else.
    pub(crate) fn on_the_strength_of_nothing(self) -> bool {
        matches!(self, Self::Asked(progress) if !progress.has_mfa())
    }
}

/// Whether the requirement lets `factor` be enrolled. Under the tenant's own rule any factor will do, and a user who could
/// be challenged with nothing but an automatic e-mail may add a real one.
pub(crate) fn asks_to_enroll(progress: &Progress, factor: FactorType) -> bool {
    match &progress.waiting {
        Some(Requirement::Enroll(choice)) => {
            choice.listed_by == ListedBy::Tenant || choice.factors.contains(&factor)
        }
        Some(Requirement::Challenge(choice)) => choice.listed_by == ListedBy::Tenant,
        Some(Requirement::Nothing | Requirement::ProveMailbox | Requirement::Refused(_)) | None => false,
    }
}
