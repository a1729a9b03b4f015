//! Verify: the proof for the tokens, and the tokens into the session.

use std::fmt;

use stepup_protocol::{claims::IdTokenClaims, token::TokenResponse};

use super::{
    Mfa, MfaRequired, MfaToken, Verify, VerifyError,
    failure::{Failure, Operation},
    token::Context,
};
use crate::{
    provider::{Expected, TokenError, TokenForm},
    session::{Grant, Session, SessionState},
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
    /// The proof is handed in only if its result can be kept.
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
        let context = self.open(token, state.session())?;
        if state.session().is_none() && !context.scope.contains("openid") {
            return Err(VerifyError::MissingSession);
        }
        self.client.provider().prepare().await.map_err(Failure::of_discovery)?;
        let tokens = self.hand_in(&context, &proof).await?;
        let recovery_code = tokens.recovery_code.clone();
        let claims = self.judge(&tokens).await?;
        let grant = Grant {
            audience: context.audience,
            requested: context.scope,
            tokens,
            claims,
            received_at: self.client.now(),
        };
        keep(state, context.subject.as_deref(), &grant)?;
        Ok(Verified { recovery_code })
    }

    async fn hand_in(&self, context: &Context, proof: &Verify) -> Result<TokenResponse, VerifyError> {
        let form = TokenForm::new(proof.grant())
            .with("mfa_token", context.raw.expose())
            .with_some("audience", context.audience.as_deref())
            .with_some("scope", context.scope.to_parameter().as_deref());
        let form = proof.parameters().into_iter().fold(form, |form, (name, value)| form.with(name, value));
        match self.client.provider().token(form).await {
            Ok(tokens) => Ok(tokens),
            Err(TokenError::MfaRequired(body)) => Err(VerifyError::MfaRequired(MfaRequired::seal(
                self.client,
                body,
                context.audience.as_deref(),
                &context.scope,
                context.subject.as_deref(),
            ))),
            Err(TokenError::Provider(error)) => Err(Failure::of(Operation::Verify, error).into()),
        }
    }

    async fn judge(&self, tokens: &TokenResponse) -> Result<Option<IdTokenClaims>, VerifyError> {
        let Some(id_token) = &tokens.id_token else { return Ok(None) };
        let expected = Expected { access_token: Some(&tokens.access_token), ..Expected::default() };
        let claims = self.client.provider().id_token(id_token, &expected).await;
        claims.map(Some).map_err(VerifyError::IdToken)
    }
}

/// Puts the grant into the session, or begins one with it. The user is the one the token was made for, and the one who
/// is logged in.
fn keep(state: &mut SessionState, bound_to: Option<&str>, grant: &Grant) -> Result<(), VerifyError> {
    if grant.claims.as_ref().zip(bound_to).is_some_and(|(claims, subject)| claims.sub != subject) {
        return Err(VerifyError::OtherUser);
    }
    match (state.session_mut(), &grant.claims) {
        (Some(session), _) => session.keep(grant).map_err(|_other_user| VerifyError::OtherUser),
        (None, Some(claims)) => {
            state.begin(Session::new(grant, claims));
            Ok(())
        }
        (None, None) => Err(VerifyError::MissingSession),
    }
}
