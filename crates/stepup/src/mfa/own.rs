//! A logged-in user's own authenticators, with an access token for the tenant's MFA API.
//!
//! That API is an audience of its own, `ISSUER + "mfa/"`. Its token comes by a login; it stands for the user and not for
//! a step-up, so it has a type of its own and no way to the calls of one.

use stepup_protocol::{
    mfa::{AssociateResponse, Authenticator},
    scope::Scopes,
};

use super::{
    DeleteAuthenticatorError, Enroll, EnrollError, ListAuthenticatorsError, Operation, Verified, Verify,
    VerifyError,
    client::typed,
    token::{Context, RawToken},
};
use crate::{
    client::Client,
    session::{Session, SessionState},
};

/// What a token for one's own authenticators allows.
pub(crate) const SCOPE: &str = "enroll read:authenticators remove:authenticators";

/// The calls for a user's own authenticators: list, enrol, confirm, delete. From [`Client::own_authenticators`].
#[derive(Clone, Debug)]
pub struct OwnAuthenticators<'a> {
    client: &'a Client,
    context: Context,
}

impl Client {
    /// The calls for the authenticators of the session's user; `None` where the session holds no good token for the
    /// tenant's MFA API. The ready-made page `/auth/mfa/manage` gets one.
    ///
    /// ```no_run
    /// # async fn count(client: &stepup::Client, session: &stepup::Session) -> Option<usize> {
    /// let own = client.own_authenticators(session)?;
    /// Some(own.list().await.ok()?.len())
    /// # }
    /// ```
    #[must_use]
    pub fn own_authenticators(&self, session: &Session) -> Option<OwnAuthenticators<'_>> {
        let (audience, scope) = (self.mfa_audience(), Scopes::from(SCOPE));
        let set = session.find(Some(&audience), &scope, |set| !set.expired(self.now()))?;
        let context = Context {
            raw: RawToken::of_access_token(set.access_token().to_owned())?,
            audience: Some(audience),
            scope,
            requirements: None,
            issuer: Some(self.issuer().to_owned()),
            subject: Some(session.subject().to_owned()),
            created_at: self.now(),
            proved: Vec::new(),
        };
        Some(OwnAuthenticators { client: self, context })
    }

    /// The audience of the tenant's MFA API.
    pub(crate) fn mfa_audience(&self) -> String {
        format!("{}/mfa/", self.issuer().trim_end_matches('/'))
    }
}

impl OwnAuthenticators<'_> {
    /// The user's authenticators, pending ones included (`active: false`).
    ///
    /// # Errors
    ///
    /// See [`ListAuthenticatorsError`].
    pub async fn list(&self) -> Result<Vec<Authenticator>, ListAuthenticatorsError> {
        let listed = self.client.mfa().list(&self.context).await?;
        Ok(listed.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect())
    }

    /// Begins an enrolment; [`OwnAuthenticators::confirm`] ends it.
    ///
    /// # Errors
    ///
    /// See [`EnrollError`].
    pub async fn enroll(&self, enroll: &Enroll) -> Result<AssociateResponse, EnrollError> {
        let answer = self.client.mfa().associate(&self.context, enroll).await?;
        Ok(typed(answer, Operation::Enroll)?)
    }

    /// Confirms an enrolment with the first code of the new authenticator. The session then holds a fresh token.
    ///
    /// # Errors
    ///
    /// See [`VerifyError`].
    pub async fn confirm(
        &self,
        state: &mut SessionState,
        proof: impl Into<Verify>,
    ) -> Result<Verified, VerifyError> {
        self.context.check_subject(state.session().map(Session::subject))?;
        self.client.mfa().confirm(state, self.context.clone(), proof.into()).await
    }

    /// Deletes an authenticator.
    ///
    /// # Errors
    ///
    /// See [`DeleteAuthenticatorError`].
    pub async fn delete(&self, id: &str) -> Result<(), DeleteAuthenticatorError> {
        self.client.mfa().delete(&self.context, id).await
    }
}
