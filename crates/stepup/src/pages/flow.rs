//! How a step-up goes on: what the tenant is asked, and which page is next.

mod enrolment;
mod proof;
mod trouble;

use std::{mem, time::Duration};

use stepup_protocol::{
    mfa::{AssociateResponse, Authenticator, FactorType},
    time::UnixTime,
};
use url::Url;

use self::trouble::Trouble;
use super::way::{Way, digits};
use crate::{
    client::Client,
    detour::{Demand, Outcome, Problem, Stage, UnderWay},
    mfa::{
        Challenge, ChallengeError, Enroll, EnrollError, ListAuthenticatorsError, MfaToken, OwnAuthenticators,
        Verified, Verify, VerifyError,
    },
    session::SessionState,
    wire_error::WireError,
};

/// How long after a message another one may be asked for.
const RESEND: Duration = Duration::from_secs(30);

/// A detour in the course of one request.
pub(super) struct Walk<'a> {
    pub(super) client: &'a Client,
    pub(super) base: &'a Url,
    pub(super) session: &'a mut SessionState,
    pub(super) detour: UnderWay,
}

/// What comes after an action.
#[derive(PartialEq, Eq)]
pub(super) enum Next {
    /// To the page that says so: the step-up was complete before, and what the browser holds of it is newer.
    Complete,
    /// Back to where the user was, with nothing.
    Leave,
    /// Over the tenant's log-in pages: there was nothing to go on with here.
    Login(Demand),
    /// The page of the stage.
    Page,
}

/// Who answers for the user: the pending step-up, or their own token for their authenticators.
enum Calls<'c> {
    Own(Box<OwnAuthenticators<'c>>),
    StepUp(&'c Client, MfaToken),
}

impl Calls<'_> {
    async fn list(&self, session: &SessionState) -> Result<Vec<Authenticator>, ListAuthenticatorsError> {
        match self {
            Self::Own(own) => own.list().await,
            Self::StepUp(client, token) => client.mfa().of(session.session()).authenticators(token).await,
        }
    }

    async fn enroll(
        &self,
        session: &SessionState,
        enroll: &Enroll,
    ) -> Result<AssociateResponse, EnrollError> {
        match self {
            Self::Own(own) => own.enroll(enroll).await,
            Self::StepUp(client, token) => client.mfa().of(session.session()).enroll(token, enroll).await,
        }
    }

    async fn verify(&self, session: &mut SessionState, proof: Verify) -> Result<Verified, VerifyError> {
        match self {
            Self::Own(own) => own.confirm(session, proof).await,
            Self::StepUp(client, token) => client.mfa().verify_idempotent(session, token, proof).await,
        }
    }
}

impl<'a> Walk<'a> {
    /// Counts the step-up, if there is one, as given up by its user.
    pub(super) fn give_up(&self) {
        if let Some(token) = &self.detour.progress.token {
            self.client.mfa().of(self.session.session()).give_up(token, "cancelled");
        }
    }

    /// Finds out what may be done. Only `Unavailable` leaves the stage as it was.
    pub(super) async fn begin(&mut self) {
        let Some(calls) = self.calls() else { return self.over() };
        let listed = match calls.list(self.session).await {
            Ok(listed) => listed,
            Err(error) => return self.trouble(&error),
        };
        let (challenge, enroll) = self.asked_for();
        let has_any = listed.iter().any(|one| Way::of(one).is_some());
        if challenge && has_any && !self.has_wanted(&listed) {
            match self.may_be_asked_next().await {
                Ok(may) => self.detour.progress.others_first = may,
                Err(error) => return self.trouble(&error),
            }
        }
        if self.detour.progress.others_first {
            self.detour.progress.problem.get_or_insert(Problem::OthersFirst);
        }
        let usable = self.usable(listed);
        self.detour.progress.other_ways = usable.len() > 1;
        self.detour.progress.stage = match usable.as_slice() {
            _ if !enroll.is_empty() => self.offer(),
            [] if !challenge && !has_any => self.offer(),
            [] => Stage::Nothing,
            [(Way::App, _)] => Stage::app(),
            _ => Stage::Choose,
        };
    }

    fn has_wanted(&self, listed: &[Authenticator]) -> bool {
        listed.iter().filter_map(Way::of).any(|way| self.detour.progress.wants(way.factor()))
    }

    /// Whether the user has what is wanted, though the tenant asks for something else: it may ask for that first and for this
    /// next. Who has nothing of it is better told before they prove anything.
    async fn may_be_asked_next(&self) -> Result<bool, ListAuthenticatorsError> {
        let Some(token) = &self.detour.progress.token else { return Ok(false) };
        let all = self.client.mfa().of(self.session.session()).all_authenticators(token).await?;
        Ok(self.has_wanted(&all))
    }

    /// What pages can ask for and whoever began the detour takes.
    fn usable(&self, listed: Vec<Authenticator>) -> Vec<(Way, Authenticator)> {
        let ways = listed.into_iter().filter_map(|one| Some((Way::of(&one)?, one)));
        let mut has_app = false;
        // A code says nothing of the app that it is from: one stands for all of them.
        ways.filter(|(way, _)| *way != Way::App || !mem::replace(&mut has_app, true))
            .filter(|(way, _)| self.detour.progress.wants(way.factor()))
            .collect()
    }

    /// What the user may answer with, in the tenant's order, the recovery code last.
    pub(super) async fn ways(&mut self) -> Option<Vec<(Way, Authenticator)>> {
        let Some(calls) = self.calls() else {
            self.over();
            return None;
        };
        match calls.list(self.session).await {
            Ok(listed) => {
                let mut ways = self.usable(listed);
                ways.sort_by_key(|(way, _)| *way == Way::RecoveryCode);
                Some(ways)
            }
            Err(error) => {
                self.trouble(&error);
                None
            }
        }
    }

    /// The factors that may be added.
    pub(super) fn factors(&self) -> Vec<FactorType> {
        let (_, asked) = self.asked_for();
        let offered = self.client.config().pages.offered();
        let progress = &self.detour.progress;
        let all = if asked.is_empty() { offered.to_vec() } else { asked };
        let known =
            |factor: &FactorType| Way::new(*factor).is_some_and(|way| !progress.refused.contains(&way));
        all.into_iter().filter(|factor| known(factor) && progress.wants(*factor)).collect()
    }

    /// Another way: to the list that this one was chosen from.
    pub(super) fn other(&mut self) -> Next {
        let adds =
            self.detour.progress.own || !self.asked_for().1.is_empty() || self.detour.progress.stage.adds();
        self.detour.progress.stage = if adds { self.offer() } else { Stage::Choose };
        Next::Page
    }

    /// Goes on with the authenticator of that id.
    pub(super) async fn use_authenticator(&mut self, id: &str) -> Next {
        let Some(ways) = self.ways().await else { return Next::Page };
        let Some((way, authenticator)) = ways.into_iter().find(|(_, one)| one.id == id) else {
            self.detour.progress.stage = Stage::Choose;
            return Next::Page;
        };
        match way {
            Way::App => self.detour.progress.stage = Stage::app(),
            Way::RecoveryCode => self.detour.progress.stage = Stage::Recovery,
            _ => self.challenge(way, authenticator.id, authenticator.name).await,
        }
        Next::Page
    }

    async fn challenge(&mut self, way: Way, id: String, name: Option<String>) {
        let Some(token) = self.detour.progress.token.clone() else { return self.over() };
        let mfa = self.client.mfa().of(self.session.session());
        let begun = match mfa.challenge(&token, &Challenge::oob().authenticator(&id)).await {
            Ok(begun) => begun,
            Err(ChallengeError::SentTooOften(_)) => return self.problem(Problem::SentTooOften),
            Err(error) => {
                if Trouble::from(&error) == Trouble::NotOffered {
                    self.detour.progress.stage = Stage::Choose;
                    match self.ways().await {
                        None => return,
                        Some(ways) if ways.is_empty() => return Box::pin(self.begin()).await,
                        Some(_) => {}
                    }
                }
                return self.trouble(&error);
            }
        };
        let Some(oob_code) = begun.oob_code else { return self.problem(Problem::Unavailable) };
        let sent_at = self.client.now();
        self.detour.progress.stage = if way == Way::Push {
            Stage::Push {
                oob_code,
                to: name,
                again: Some(id),
                barcode_uri: None,
                recovery_code: None,
                sent_at,
                outcome: Outcome::Waiting,
            }
        } else {
            Stage::Code {
                way,
                oob_code: Some(oob_code),
                to: name,
                again: Some(id),
                new: false,
                recovery_code: None,
                sent_at,
            }
        };
    }

    /// How long it is until another message or push may be sent after one.
    pub(super) fn resend_in(&self, sent_at: UnixTime) -> Duration {
        (sent_at + RESEND).since(self.client.now())
    }

    /// Sends the message or the push again, once its wait is over: each message voids the one before, which may be on its way.
    pub(super) async fn resend(&mut self) -> Next {
        match self.detour.progress.stage.clone() {
            Stage::Code { sent_at, .. } | Stage::Push { sent_at, outcome: Outcome::Waiting, .. }
                if !self.resend_in(sent_at).is_zero() => {}
            Stage::Code { way, to, again: Some(id), .. } => self.challenge(way, id, to).await,
            Stage::Push { to, again: Some(id), .. } => self.challenge(Way::Push, id, to).await,
            Stage::Code { way, to: Some(to), new: true, .. } => return self.enroll(way, Some(to)).await,
            Stage::Push { barcode_uri: Some(_), .. } => return self.enroll(Way::Push, None).await,
            _ => {}
        }
        Next::Page
    }

    /// A code that was typed.
    pub(super) async fn code(&mut self, typed: &str) -> Next {
        if typed.trim().is_empty() {
            self.problem(Problem::MissingCode);
            return Next::Page;
        }
        let proof = match &self.detour.progress.stage {
            Stage::Recovery => {
                // People type it in groups, with dashes, in small letters.
                let code: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
                Some(Verify::recovery_code(code.to_ascii_uppercase()))
            }
            Stage::NewApp { .. } | Stage::Code { oob_code: None, .. } => digits(typed).map(Verify::otp),
            Stage::Code { way, oob_code: Some(oob_code), .. } => {
                digits(typed).map(|code| Verify::oob(oob_code).factor(way.factor()).binding_code(code))
            }
            _ => return Next::Page,
        };
        match proof {
            Some(proof) => self.verify(proof).await,
            None => {
                self.problem(Problem::MalformedCode);
                Next::Page
            }
        }
    }

    /// Asks whether the push was answered.
    pub(super) async fn poll(&mut self) -> Next {
        let Stage::Push { oob_code, outcome: Outcome::Waiting, .. } = &self.detour.progress.stage else {
            return Next::Page;
        };
        let proof = Verify::from(Verify::oob(oob_code));
        self.verify(proof).await
    }

    /// Says on the page what an error means.
    fn trouble<E: WireError + 'static>(&mut self, error: &E)
    where
        for<'e> Trouble: From<&'e E>,
    {
        tracing::debug!(
            code = &*error.code(),
            error = error as &dyn std::error::Error,
            "a step of the ready-made pages"
        );
        let problem = match (Trouble::from(error), &self.detour.progress.stage) {
            (Trouble::Over, _) => return self.over(),
            (Trouble::Busy, _) => Problem::Busy { until: self.until(error) },
            (Trouble::Malformed, Stage::Contact { way: Way::Email, .. }) => Problem::Email,
            (Trouble::Malformed, Stage::Contact { .. }) => Problem::Phone,
            (Trouble::NotOffered, _) => Problem::NotOffered,
            (Trouble::Malformed | Trouble::Unavailable, _) => Problem::Unavailable,
        };
        self.problem(problem);
    }

    /// When the tenant will listen again, if it told.
    fn until(&self, error: &impl WireError) -> Option<UnixTime> {
        error.retry_after().map(|wait| self.client.now() + wait)
    }

    fn over(&mut self) {
        self.detour.progress.token = None;
        self.detour.progress.problem = None;
        self.detour.progress.stage = Stage::Over;
    }

    fn problem(&mut self, problem: Problem) {
        self.detour.progress.problem = Some(problem);
    }

    fn calls(&self) -> Option<Calls<'a>> {
        if self.detour.progress.own {
            return self
                .client
                .own_authenticators(self.session.session()?)
                .map(|own| Calls::Own(Box::new(own)));
        }
        self.detour.progress.token.clone().map(|token| Calls::StepUp(self.client, token))
    }

    /// Whether a challenge was asked for, and which factors to add one of.
    fn asked_for(&self) -> (bool, Vec<FactorType>) {
        let Some(token) = &self.detour.progress.token else { return (false, Vec::new()) };
        let mfa = self.client.mfa().of(self.session.session());
        mfa.open(token).map(|context| context.asked_for()).unwrap_or_default()
    }
}
