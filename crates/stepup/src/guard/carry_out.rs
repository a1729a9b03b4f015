//! The decision carried out: the access token is got, and what was asked for is remembered.

use http::Method;
use stepup_protocol::scope::Scopes;

use super::{
    Guard,
    decision::{Decision, Facts, Lack, decide},
};
use crate::{
    client::Client,
    mfa::MfaRequired,
    session::{FactorProof, Session, SessionState},
    tokens::{AccessToken, AccessTokenError},
};

/// Why a request may not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Stopped {
    /// The user must prove a second factor first.
    #[error("a second factor is due: {}", .lack.description())]
    Ask {
        /// Why.
        lack: Lack,
        /// Where the tenant asks for it itself: what to go on with.
        due: Option<MfaRequired>,
    },
    /// The user was asked and answered, and the answer will not do: the tenant did not ask for a second factor, or
    /// did not tell of it, or it was another one than is needed. The next request is asked again.
    #[error("the second factor will not do: {}", .0.description())]
    Unmet(Lack),
    /// The proof will do, and the tenant granted the access token less than the guard's scope: these are missing. Nobody is
    /// asked again for it, and no proof is spent.
    #[error("the tenant did not grant the access token the scope {0}")]
    InsufficientScope(Scopes),
    /// There is no access token, for another reason than the second factor. Who needs no login is answered 403 where the tenant
    /// said no, as an Action may with `access_denied`; 429 where it has had too many requests; else 503.
    #[error("there is no access token for what is guarded")]
    Failed(#[source] AccessTokenError),
}

/// What a request goes on with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Passed {
    /// The proof that satisfied the guard.
    pub proof: FactorProof,
    /// The access token, where the guard needs one.
    pub access_token: Option<AccessToken>,
}

impl Client {
    /// Judges a request by what the session knows of the user's second factor. `path_and_query` is the request's as the
    /// browser knows it; a proof may be good for one request alone.
    ///
    /// Where the proof will not do, the access token that the guard names is asked for anew, so that the tenant may ask for
    /// a second factor itself. Write the session afterwards, also where the request is stopped.
    ///
    /// # Errors
    ///
    /// The request is to be [`Stopped`]; [`Stopped::answer`] is what to answer.
    pub async fn guard(
        &self,
        state: &mut SessionState,
        guard: &Guard,
        method: &Method,
        path_and_query: &str,
    ) -> Result<Passed, Stopped> {
        let session = state.session_mut().ok_or(Stopped::Failed(AccessTokenError::MissingSession))?;
        let (request, now) = (guard.name_of(method, path_and_query), self.now());
        let facts = Facts::of(session, &request, now);
        let decision = decide(guard, &facts, now);
        let asked = facts.asked.filter(|_| decision == Decision::PassOnce);
        let answer = asked.and_then(|asked| session.answer_to(&asked));
        let spending = answer.and_then(|answer| self.spent_answers().take(answer, now));
        let verdict = match decision {
            // Another request got it meanwhile.
            Decision::PassOnce if spending.is_none() => self.ask(session, guard, Lack::TooOld).await,
            Decision::Pass | Decision::PassOnce => self.let_pass(session, guard).await,
            Decision::Ask(lack) => self.ask(session, guard, lack).await,
            Decision::Unmet(lack) => Err(Stopped::Unmet(lack)),
        };
        match (&verdict, spending) {
            (Ok(_), Some(spending)) => {
                spending.spent();
                session.spend_answer(&request);
            }
            (Ok(_) | Err(Stopped::Unmet(_)), _) => session.stop_asking(&request),
            (Err(Stopped::Ask { .. }), _) => session.ask(&request, now),
            (Err(Stopped::InsufficientScope(_) | Stopped::Failed(_)), _) => {}
        }
        if let Err(Stopped::Ask { due: Some(due), .. }) = &verdict
            && let Some(token) = &due.mfa_token
        {
            self.lighten(state, token);
        }
        verdict
    }

    /// The same for a browser that only looks ahead ([`StoppedRequest::is_prefetch`](super::StoppedRequest::is_prefetch)):
    /// it passes where the proof will do for any request. Nobody is asked, and no proof that is good for one request alone is
    /// spent.
    ///
    /// # Errors
    ///
    /// The request is to be [`Stopped`].
    pub async fn guard_ahead(&self, state: &mut SessionState, guard: &Guard) -> Result<Passed, Stopped> {
        let session = state.session_mut().ok_or(Stopped::Failed(AccessTokenError::MissingSession))?;
        match guard.need.lack(session.second_factor().as_ref(), self.now()) {
            None => self.let_pass(session, guard).await,
            Some(lack) => Err(Stopped::Ask { lack, due: None }),
        }
    }

    async fn let_pass(&self, session: &mut Session, guard: &Guard) -> Result<Passed, Stopped> {
        let proof = session.second_factor().ok_or(Stopped::Ask { lack: Lack::NoProof, due: None })?;
        let Some(wanted) = guard.token() else { return Ok(Passed { proof, access_token: None }) };
        let insisting = wanted.clone().insist(session.proved_by());
        let token = match self.access_token(session, &insisting).await {
            Ok(token) => token,
            Err(AccessTokenError::MfaRequired(due)) => {
                return Err(Stopped::Ask { lack: Lack::AccessToken, due: Some(due) });
            }
            Err(error) => return Err(Stopped::Failed(error)),
        };
        let missing = wanted.missing_in(&token);
        if !missing.is_empty() {
            return Err(Stopped::InsufficientScope(missing));
        }
        Ok(Passed { proof, access_token: Some(token) })
    }

    /// The tenant's word comes first: what it asks for itself can be answered without leaving the application.
    async fn ask(&self, session: &mut Session, guard: &Guard, lack: Lack) -> Result<Passed, Stopped> {
        let Some(wanted) = guard.token() else { return Err(Stopped::Ask { lack, due: None }) };
        let answer = self.access_token(session, &wanted.refresh(true)).await;
        // A verify was under way, and brought the proof.
        if answer.is_ok() && guard.need.lack(session.second_factor().as_ref(), self.now()).is_none() {
            return self.let_pass(session, guard).await;
        }
        Err(match answer {
            Err(AccessTokenError::MfaRequired(due)) => Stopped::Ask { lack, due: Some(due) },
            // A login brings both, the proof and what to get the token with.
            Err(error) if !error.needs_login() => Stopped::Failed(error),
            Ok(_) | Err(_) => Stopped::Ask { lack, due: None },
        })
    }
}
