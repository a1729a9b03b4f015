//! A proof is handed in, and what comes after it: the recovery code, a further factor, or the end.

use super::{Next, Walk};
use crate::{
    detour::{Demand, MULTI_FACTOR, Outcome, Problem, Stage},
    mfa::{MfaRequired, Verify, VerifyError},
    pages::PUSH_LIFETIME,
};

impl Walk<'_> {
    pub(super) async fn verify(&mut self, proof: Verify) -> Next {
        let Some(calls) = self.calls() else {
            self.over();
            return Next::Page;
        };
        match calls.verify(self.session, proof).await {
            Ok(verified) => {
                self.verified(verified.recovery_code);
                Next::Page
            }
            Err(VerifyError::MfaRequired(due)) => self.chained(due),
            Err(VerifyError::Used(_)) => Next::Complete,
            Err(VerifyError::WrongCode(_) | VerifyError::Denied(_)) => {
                self.wrong();
                Next::Page
            }
            Err(VerifyError::Pending(_)) => {
                self.still_waiting();
                Next::Page
            }
            Err(error @ VerifyError::LockedOut(_)) => {
                self.problem(Problem::LockedOut { until: self.until(&error) });
                Next::Page
            }
            Err(error) => {
                if !self.was_done_elsewhere(&calls, &error).await {
                    self.trouble(&error);
                }
                Next::Page
            }
        }
    }

    fn verified(&mut self, new_code: Option<String>) {
        let progress = &mut self.detour.progress;
        let enrolled = progress.stage.take_recovery_code();
        let recovery_code = new_code.or(enrolled);
        progress.token = None;
        progress.problem = None;
        progress.stage = match recovery_code {
            Some(recovery_code) => Stage::Keep { recovery_code, then: None },
            None => Stage::Done,
        };
    }

    /// The proof was right, and a further one is wanted: in the same detour. A recovery code is shown before, for whoever goes
    /// no further has it all the same.
    fn chained(&mut self, due: MfaRequired) -> Next {
        let progress = &mut self.detour.progress;
        let recovery_code = due.recovery_code.or(progress.stage.take_recovery_code());
        if progress.stage.way().is_some_and(|way| progress.wanted.contains(&way.factor())) {
            progress.wanted.clear();
        }
        progress.others_first = false;
        progress.token = due.mfa_token;
        progress.problem = None;
        progress.refused.clear();
        let by_login = progress.token.is_none().then(|| Demand::of(&[MULTI_FACTOR], self.client.now()));
        match recovery_code {
            Some(recovery_code) => {
                progress.stage = Stage::Keep { recovery_code, then: by_login };
                Next::Page
            }
            None => self.one_more(by_login),
        }
    }

    /// To the further proof that is wanted.
    fn one_more(&mut self, by_login: Option<Demand>) -> Next {
        if let Some(demand) = by_login {
            return self.by_login(demand);
        }
        self.detour.progress.stage = Stage::Begin;
        self.problem(Problem::OneMore);
        Next::Page
    }

    fn by_login(&mut self, demand: Demand) -> Next {
        self.detour.progress.stage = Stage::ByLogin(demand.clone());
        Next::Login(demand)
    }

    fn wrong(&mut self) {
        if let Stage::Push { outcome, .. } = &mut self.detour.progress.stage {
            *outcome = Outcome::Denied;
        } else {
            self.problem(Problem::WrongCode);
        }
    }

    fn still_waiting(&mut self) {
        let now = self.client.now();
        if let Stage::Push { outcome, sent_at, .. } = &mut self.detour.progress.stage
            && now >= *sent_at + PUSH_LIFETIME
        {
            *outcome = Outcome::Expired;
        }
    }

    /// The user has kept the recovery code, which is then forgotten here.
    pub(in crate::pages) fn kept(&mut self, ticked: bool) -> Next {
        let Stage::Keep { then, .. } = &mut self.detour.progress.stage else { return Next::Page };
        if !ticked {
            self.problem(Problem::NotKept);
            return Next::Page;
        }
        let by_login = then.take();
        if by_login.is_some() || self.detour.progress.token.is_some() {
            return self.one_more(by_login);
        }
        self.detour.progress.stage = Stage::Done;
        Next::Page
    }
}
