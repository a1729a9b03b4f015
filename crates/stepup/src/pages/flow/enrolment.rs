//! A factor is added: chosen, given its address where it needs one, and enrolled.

use stepup_protocol::{
    error::code,
    mfa::{AssociateResponse, FactorType},
};

use super::{Calls, Next, Walk, trouble::Trouble};
use crate::{
    detour::{Outcome, Problem, Stage},
    mfa::{Enroll, EnrollError},
    pages::way::{Way, email, phone},
    wire_error::WireError,
};

impl Walk<'_> {
    /// What to add is chosen, if there is anything.
    pub(super) fn offer(&self) -> Stage {
        if self.factors().is_empty() { Stage::Nothing } else { Stage::Factors }
    }

    /// Begins to add a factor: an address is asked for first, where one is needed.
    pub(in crate::pages) async fn add(&mut self, factor: &str) -> Next {
        let way =
            FactorType::parse(factor).filter(|factor| self.factors().contains(factor)).and_then(Way::new);
        match way {
            Some(way @ (Way::Sms | Way::Voice | Way::Email)) => {
                self.detour.progress.stage = Stage::Contact { way, value: String::new() };
                Next::Page
            }
            Some(way) => self.enroll(way, None).await,
            None => Next::Page,
        }
    }

    /// The address that codes are to be sent to.
    pub(in crate::pages) async fn contact(&mut self, way: Way, typed: &str) -> Next {
        self.detour.progress.stage = Stage::Contact { way, value: typed.chars().take(320).collect() };
        let address = if way == Way::Email { email(typed) } else { phone(typed) };
        match address {
            Some(address) => self.enroll(way, Some(address)).await,
            None => {
                self.problem(if way == Way::Email { Problem::Email } else { Problem::Phone });
                Next::Page
            }
        }
    }

    pub(super) async fn enroll(&mut self, way: Way, address: Option<String>) -> Next {
        let Some(calls) = self.calls() else {
            self.over();
            return Next::Page;
        };
        let enroll = match (way, address.clone()) {
            (Way::Sms, Some(number)) => Enroll::sms(number),
            (Way::Voice, Some(number)) => Enroll::voice(number),
            (Way::Email, address) => Enroll::email(address),
            (Way::Push, _) => Enroll::push(),
            _ => Enroll::otp(),
        };
        match calls.enroll(self.session, &enroll).await {
            Ok(answer) => self.enrolled(way, address, answer),
            Err(EnrollError::SentTooOften(_)) => self.problem(Problem::SentTooOften),
            Err(error) if self.was_done_elsewhere(&calls, &error).await => {}
            Err(error) => {
                if Trouble::from(&error) == Trouble::NotOffered {
                    self.detour.progress.refused.push(way);
                    self.detour.progress.stage = self.offer();
                }
                self.trouble(&error);
            }
        }
        Next::Page
    }

    fn enrolled(&mut self, way: Way, to: Option<String>, answer: AssociateResponse) {
        let recovery_code = answer.recovery_codes.into_iter().flatten().next();
        let sent_at = self.client.now();
        let stage = match (way, answer.oob_code, answer.barcode_uri, answer.secret) {
            (Way::App, _, Some(barcode_uri), Some(secret)) => {
                Stage::NewApp { secret, barcode_uri, recovery_code }
            }
            (Way::Push, Some(oob_code), Some(barcode_uri), _) => Stage::Push {
                oob_code,
                to: None,
                again: None,
                barcode_uri: Some(barcode_uri),
                recovery_code,
                sent_at,
                outcome: Outcome::Waiting,
            },
            (Way::Sms | Way::Voice | Way::Email, Some(oob_code), ..) => Stage::Code {
                way,
                oob_code: Some(oob_code),
                to,
                again: None,
                new: true,
                recovery_code,
                sent_at,
            },
            _ => return self.problem(Problem::Unavailable),
        };
        self.detour.progress.stage = stage;
    }

    /// Whether the tenant lets nothing be added because the user did so in another tab: the application then judges the
    /// request anew.
    pub(super) async fn was_done_elsewhere(&mut self, calls: &Calls<'_>, error: &impl WireError) -> bool {
        let is_step_up = matches!(calls, Calls::StepUp(..));
        if !(is_step_up && self.detour.progress.stage.adds() && error.code() == code::ACCESS_DENIED) {
            return false;
        }
        let listed = calls.list(self.session).await.unwrap_or_default();
        let is_elsewhere = listed.iter().any(|one| one.active);
        if is_elsewhere {
            self.over();
            self.detour.progress.stage = Stage::Elsewhere;
        }
        is_elsewhere
    }
}
