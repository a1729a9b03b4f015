//! The profile, fresh from the tenant (OIDC Core section 5.3).

use serde_json::{Map, Value};

use crate::{
    client::Client,
    provider::ProviderError,
    session::Session,
    telemetry,
    tokens::{AccessTokenError, AccessTokenRequest},
};

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserInfoError {
    /// There is no access token to ask with; [`AccessTokenError::MfaRequired`] where a second factor is due.
    #[error("there is no access token to ask for the profile with")]
    AccessToken(#[from] AccessTokenError),
    /// The tenant answered for another user than the session's (section 5.3.2).
    #[error("the profile is another user's")]
    OtherUser,
    /// The tenant refused, or gave no answer that can be used.
    #[error("the tenant gave no profile")]
    Provider(#[source] ProviderError),
}

impl Client {
    /// The claims about the session's user as the tenant has them now: [`Session::user`] is as old as the ID token. They
    /// are not kept.
    ///
    /// Asks with the session's default access token, which must have been granted `openid`. An answer for anybody else is
    /// refused.
    ///
    /// ```
    /// use stepup::{Client, Session, UserInfoError};
    ///
    /// async fn is_verified(client: &Client, session: &mut Session) -> Result<bool, UserInfoError> {
    ///     let claims = client.user_info(session).await?;
    ///     Ok(claims.get("email_verified").and_then(|verified| verified.as_bool()) == Some(true))
    /// }
    /// ```
    ///
    /// OIDC Core section 5.3.
    ///
    /// # Errors
    ///
    /// See [`UserInfoError`].
    pub async fn user_info(&self, session: &mut Session) -> Result<Map<String, Value>, UserInfoError> {
        let token = self.access_token(session, &AccessTokenRequest::new()).await?;
        let claims = self.provider().user_info(token.token()).await.map_err(UserInfoError::Provider)?;
        if claims.get("sub").and_then(Value::as_str) != Some(session.subject()) {
            telemetry::user_mismatch("userinfo", Some(session.subject()));
            return Err(UserInfoError::OtherUser);
        }
        Ok(claims)
    }
}
