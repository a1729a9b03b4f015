//! Verify: the proof for the tokens, and the tokens into the session.

use std::fmt;

use super::{
    Mfa, MfaRequired, MfaToken, Verify, VerifyError,
    client::step,
    failure::{Failure, Operation},
    token::Context,
};
use crate::{
    provider::TokenForm,
    session::{Session, SessionState},
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
    /// [`Client::access_token`](crate::Client::access_token) finds it, a rotated refresh token, the ID token. Without a session, one begins.
    ///
    /// The proof is handed in only if its result can be kept, and the exchange goes on to its end if the caller goes away:
    /// whoever comes next with the session's old refresh token finds the result.
    ///
    /// # Errors
    ///
    /// See [`VerifyError`]; the session is then as it was.
    pub async fn verify(
        &self,
        state: &mut SessionState,
        token: &MfaToken,
        proof: Verify,
    ) -> Result<Verified, VerifyError> {
        let context = self.of(state.session()).open(token)?;
        let verified = self.hand_over(state, &context, &proof);
        step(telemetry::Operation::Verify, Some(proof.factor()), &context).run(verified).await
    }

    async fn hand_over(
        &self,
        state: &mut SessionState,
        context: &Context,
        proof: &Verify,
    ) -> Result<Verified, VerifyError> {
        if state.session().is_none() && !context.scope.contains("openid") {
            return Err(VerifyError::MissingSession);
        }
        self.client.provider().prepare().await.map_err(Failure::of_discovery)?;
        let stepped_up = self.hand_in(context, proof, state.session()).await?;
        self.keep(state, context.subject.as_deref(), &stepped_up)?;
        Ok(Verified { recovery_code: stepped_up.grant.tokens.recovery_code })
    }

    async fn hand_in(
        &self,
        context: &Context,
        proof: &Verify,
        session: Option<&Session>,
    ) -> Result<SteppedUp, VerifyError> {
        let form = TokenForm::new(proof.grant())
            .with("mfa_token", context.raw.expose())
            .with_some("audience", context.audience.as_deref())
            .with_some("scope", context.scope.to_parameter().as_deref());
        let form = proof.parameters().into_iter().fold(form, |form, (name, value)| form.with(name, value));
        let want = Want {
            audience: context.audience.clone(),
            scope: None,
            requested: context.scope.clone(),
            subject: session.map(|session| session.subject().to_owned()),
        };
        let refresh_token = session.and_then(|session| session.refresh_token.as_deref());
        let denied = match tokens::step_up(self.client, refresh_token, form, want).await {
            Ok(stepped_up) => return Ok(stepped_up),
            Err(denied) => denied,
        };
        Err(match denied {
            Denied::MfaRequired(body) => VerifyError::MfaRequired(MfaRequired::seal(
                self.client,
                body,
                context.audience.as_deref(),
                &context.scope,
                context.subject.as_deref(),
            )),
            Denied::Error(RefreshError::IdToken(error)) => VerifyError::IdToken(error),
            Denied::Error(RefreshError::Interrupted) => VerifyError::Interrupted,
            Denied::Error(RefreshError::OtherUser) => VerifyError::OtherUser,
            Denied::Error(RefreshError::Provider(error)) => Failure::of(Operation::Verify, error).into(),
        })
    }

    /// Puts the grant into the session, or begins one with it. The user is the one the token was made for, and the one
    /// who is logged in.
    fn keep(
        &self,
        state: &mut SessionState,
        bound_to: Option<&str>,
        stepped_up: &SteppedUp,
    ) -> Result<(), VerifyError> {
        let grant = &stepped_up.grant;
        let of_another = |subject: &str| grant.claims.as_ref().is_some_and(|claims| claims.sub != subject);
        if bound_to.is_some_and(of_another) {
            telemetry::user_mismatch("id_token", bound_to);
            return Err(VerifyError::OtherUser);
        }
        match (state.session_mut(), &grant.claims) {
            (Some(session), _) => {
                session.keep(grant).map_err(|_| VerifyError::OtherUser)?;
                session.refresh_token.clone_from(&stepped_up.refresh_token);
                self.client.before_saving(session);
            }
            (None, Some(claims)) => {
                let mut session = Session::new(grant, claims);
                self.client.before_saving(&mut session);
                state.begin(session);
            }
            (None, None) => return Err(VerifyError::MissingSession),
        }
        Ok(())
    }
}
