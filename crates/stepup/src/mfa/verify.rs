//! Verify: the proof for the tokens, and the tokens into the session.

use std::{fmt, future, sync::Arc};

use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::{
    Mfa, MfaRequired, MfaToken, Operation, Verify, VerifyError,
    client::step,
    failure::Failure,
    once::{Entitled, Outcome, StepUp},
    token::Context,
};
use crate::{
    client::Client,
    provider::TokenForm,
    session::{FactorProof, Session, SessionState},
    telemetry,
    tokens::{self, Denied, RefreshError, SteppedUp, Want},
};

/// The proof was accepted and its result is in the session. Does not print the recovery code.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The new recovery code, after the old one was used: show it to the user, who sees it once.
    pub recovery_code: Option<String>,
}

impl fmt::Debug for Verified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verified")
            .field("has_recovery_code", &self.recovery_code.is_some())
            .finish_non_exhaustive()
    }
}

impl Mfa<'_> {
    /// Hands in the user's proof and keeps what comes back in the session, whole: the access token where the next
    /// [`Client::access_token`] finds it, a rotated refresh token, the ID token. Without a session, one begins:
    /// a handler that lets that happen asks [`Client::is_own_page`] first.
    ///
    /// The proof is handed in only if its result can be kept, and the exchange goes on to its end if the caller goes away:
    /// whoever comes next with the same proof, or with the session's old refresh token, finds the result. A token is good
    /// for one success.
    ///
    /// # Errors
    ///
    /// See [`VerifyError`]; the session is then as it was, but for a refresh token that was rotated.
    pub async fn verify(
        &self,
        state: &mut SessionState,
        token: &MfaToken,
        proof: impl Into<Verify>,
    ) -> Result<Verified, VerifyError> {
        let outcome = self.of(state.session()).outcome(token, proof.into()).await;
        self.accept(state, outcome)
    }

    /// As [`Mfa::verify`], for a form that can be sent twice and a push that two wait for: the login whose proof it was finds
    /// the outcome again for a moment, with the recovery code in it.
    pub(crate) async fn verify_idempotent(
        &self,
        state: &mut SessionState,
        token: &MfaToken,
        proof: Verify,
    ) -> Result<Verified, VerifyError> {
        let mfa = self.of(state.session());
        let outcome = match mfa.outcome(token, proof.clone()).await {
            Err(VerifyError::Used(None)) => mfa.outcome_again(token, &proof),
            outcome => outcome,
        };
        self.accept(state, outcome)
    }

    /// Hands in a proof with a token that is good for more than one: an access token for the MFA API. What it confirms is
    /// that a new authenticator works, and so it is no proof of a second factor: whoever is logged in can add one.
    pub(super) async fn confirm(
        &self,
        state: &mut SessionState,
        context: Context,
        proof: Verify,
    ) -> Result<Verified, VerifyError> {
        let holder = Holder { adds: true, ..Holder::of(state.session()) };
        let client = self.client.clone();
        let exchange = async move {
            let handed_in = hand_in(&client, &context, &proof, holder).boxed();
            let factor = proof.counted_as().unwrap_or("oob");
            let step = step(Operation::Verify, Some(factor), &context);
            telemetry::Step { adds: true, ..step }.run(handed_in).await
        };
        let task = tokio::spawn(exchange.in_current_span());
        self.accept(state, task.await.unwrap_or(Err(VerifyError::Interrupted)))
    }

    fn accept(
        &self,
        state: &mut SessionState,
        outcome: Result<Outcome, VerifyError>,
    ) -> Result<Verified, VerifyError> {
        match outcome {
            Ok(Outcome::Further(required)) => Err(VerifyError::MfaRequired(required)),
            Ok(Outcome::Granted(stepped_up)) => {
                self.keep(state, &stepped_up)?;
                Ok(Verified { recovery_code: stepped_up.grant.tokens.recovery_code.clone() })
            }
            Err(error) => {
                if error.may_have_rotated()
                    && let Some(session) = state.session_mut()
                {
                    session.follow(self.client.refreshes());
                }
                Err(error)
            }
        }
    }

    async fn outcome(&self, token: &MfaToken, proof: Verify) -> Result<Outcome, VerifyError> {
        let entitled = Entitled::by(&proof, self.session);
        let step_up = self.complete(token, proof, &entitled).await?;
        step_up.take(&entitled, self.client.now()).ok_or(VerifyError::Used(None))
    }

    fn outcome_again(&self, token: &MfaToken, proof: &Verify) -> Result<Outcome, VerifyError> {
        let step_up = self.step_up(&self.open(token)?);
        let entitled = Entitled::by(proof, self.session);
        step_up.take_again(&entitled, self.client.now()).ok_or(VerifyError::Used(None))
    }

    /// Completes the step-up and leaves its outcome where [`Mfa::verify`] finds it: for those who watch a push and have nowhere
    /// to put the result.
    ///
    /// # Errors
    ///
    /// As [`Mfa::verify`].
    pub(crate) async fn watch(&self, token: &MfaToken, proof: Verify) -> Result<(), VerifyError> {
        let entitled = Entitled::by(&proof, self.session);
        if self.step_up(&self.open(token)?).was_completed_by(&entitled) {
            return Ok(());
        }
        self.complete(token, proof, &entitled).await.map(drop)
    }

    async fn complete(
        &self,
        token: &MfaToken,
        proof: Verify,
        entitled: &Entitled,
    ) -> Result<Arc<StepUp>, VerifyError> {
        let context = self.open(token)?;
        let step_up = self.step_up(&context);
        let turn = Arc::clone(&step_up.turn).lock_owned().await;
        if step_up.awaits(entitled) {
            return Ok(step_up);
        }
        let factor = proof.counted_as().or_else(|| step_up.channel()).unwrap_or("oob");
        if let Some(error) = self.cannot_complete(&context, &step_up) {
            let refused = future::ready(Err(error));
            return step(Operation::Verify, Some(factor), &context).run(refused).await;
        }
        // From here on it runs to its end, whether or not anybody still waits.
        let (client, own, entitled) = (self.client.clone(), Arc::clone(&step_up), entitled.clone());
        let holder = Holder::of(self.session);
        let exchange = async move {
            let _turn = turn;
            let handed_in = hand_in(&client, &context, &proof, holder).boxed();
            let step = step(Operation::Verify, Some(factor), &context);
            match step.run(handed_in).await {
                Ok(outcome) => own.complete(entitled, outcome),
                Err(error) => {
                    if proof.is_push() {
                        own.asked.refused(&proof, &error, client.now());
                    }
                    return Err(error);
                }
            }
            client.step_ups().end(&context.raw);
            Ok(())
        };
        let task = tokio::spawn(exchange.in_current_span());
        task.await.unwrap_or(Err(VerifyError::Interrupted)).map(|()| step_up)
    }

    /// Why a proof is not handed in: its result could not be kept, or there is one already.
    fn cannot_complete(&self, context: &Context, step_up: &StepUp) -> Option<VerifyError> {
        if self.session.is_none() && !context.scope.contains("openid") {
            return Some(VerifyError::MissingSession);
        }
        (!step_up.is_pending()).then_some(VerifyError::Used(None))
    }

    /// Puts the grant into the session, or begins one with it.
    fn keep(&self, state: &mut SessionState, stepped_up: &SteppedUp) -> Result<(), VerifyError> {
        let grant = &stepped_up.grant;
        match (state.session_mut(), &grant.claims) {
            (Some(session), _) => {
                let held = session.refresh_token.clone();
                session.keep(grant).map_err(|_| VerifyError::OtherUser)?;
                if held == stepped_up.held {
                    session.refresh_token.clone_from(&stepped_up.refresh_token);
                } else {
                    // The browser went on since the proof was handed in, and what it holds is no older.
                    session.refresh_token = held;
                    session.follow(self.client.refreshes());
                }
                self.client.before_saving(session);
            }
            (None, Some(claims)) => {
                let mut session = Session::new(grant, claims);
                if session.is_over(self.client.now()) {
                    return Err(VerifyError::SessionExpired);
                }
                self.client.before_saving(&mut session);
                state.begin(session);
            }
            (None, None) => return Err(VerifyError::MissingSession),
        }
        Ok(())
    }
}

/// What of a session an exchange needs.
#[derive(Default)]
struct Holder {
    subject: Option<String>,
    refresh_token: Option<String>,
    /// Whether an authenticator is added by somebody who is logged in, and nothing else is proved.
    adds: bool,
}

impl Holder {
    fn of(session: Option<&Session>) -> Self {
        session.map_or_else(Self::default, |session| Self {
            subject: Some(session.subject().to_owned()),
            refresh_token: session.refresh_token.clone(),
            adds: false,
        })
    }
}

/// The exchange. The user is the one the token was made for, and the one who is logged in.
async fn hand_in(
    client: &Client,
    context: &Context,
    proof: &Verify,
    holder: Holder,
) -> Result<Outcome, VerifyError> {
    client
        .provider()
        .prepare()
        .await
        .map_err(|error| VerifyError::of(Failure::of_discovery(error), proof))?;
    let form = TokenForm::new(proof.grant())
        .with("mfa_token", context.raw.expose())
        .with_some("audience", context.audience.as_deref())
        .with_some("scope", Some(context.scope.as_str()));
    let form = proof.parameters().into_iter().fold(form, |form, (name, value)| form.with(name, value));
    let want = Want {
        audience: context.audience.clone(),
        scope: None,
        requested: context.scope.clone(),
        subject: holder.subject.or_else(|| context.subject.clone()),
    };
    let mut proved = context.proved.clone();
    proved.extend(proof.factor_for(context.requirements.as_ref()));
    let counts = (!holder.adds).then(|| FactorProof::to_come(proved.clone(), context.raw.digest()));
    let refresh_token = holder.refresh_token.as_deref();
    let denied = match tokens::step_up(client, refresh_token, form, want, counts).await {
        Ok(stepped_up) => return Ok(Outcome::Granted(Box::new(stepped_up))),
        Err(denied) => denied,
    };
    Err(match denied {
        Denied::MfaRequired(body) => {
            telemetry::mfa_required(context.subject.as_deref());
            return Ok(Outcome::Further(MfaRequired::seal_next(client, *body, context, proved)));
        }
        Denied::Error(RefreshError::IdToken(error)) => VerifyError::IdToken(error),
        Denied::Error(RefreshError::Interrupted) => VerifyError::Interrupted,
        Denied::Error(RefreshError::OtherUser) => VerifyError::OtherUser,
        Denied::Error(RefreshError::Provider(error)) => {
            VerifyError::of(Failure::of(Operation::Verify, error), proof)
        }
    })
}
