//! The profile, fresh from the tenant (OIDC Core section 5.3).

use http::StatusCode;
use serde_json::{Map, Value};

use crate::{
    client::Client,
    provider::ProviderError,
    session::Session,
    telemetry,
    tokens::{AccessTokenError, AccessTokenRequest},
    wire_error::{Answer, WireError},
};

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserInfoError {
    /// There is no access token to ask with; [`AccessTokenError::MfaRequired`] where a second factor is due.
    #[error("there is no access token to ask for the profile with")]
    AccessToken(#[from] AccessTokenError),
    /// The tenant answered for another user than the session's (section 5.3.2; code `user_mismatch`).
    #[error("the profile is another user's")]
    OtherUser,
    /// The tenant refused, or gave no answer that can be used (the tenant's own code, or `server_error`).
    #[error("the tenant gave no profile")]
    Provider(#[source] ProviderError),
}

impl WireError for UserInfoError {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::AccessToken(error) => error.answer(),
            Self::OtherUser => Answer::new(StatusCode::FORBIDDEN, "user_mismatch", &self.to_string()),
            Self::Provider(error) => {
                let status = match error {
                    _ if error.is_limit() => StatusCode::TOO_MANY_REQUESTS,
                    ProviderError::Refused {
                        status: status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
                        ..
                    } => *status,
                    _ => StatusCode::BAD_GATEWAY,
                };
                Answer::new(status, error.code(), &self.to_string()).after(error.retry_after())
            }
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::AccessToken(error) => error.to_json(),
            _ => self.answer().into_json(),
        }
    }
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

#[cfg(test)]
mod tests {
    use stepup_protocol::error::{OAuthError, code};

    use super::*;

    fn refused(status: StatusCode) -> UserInfoError {
        let body = OAuthError { error: "invalid_token".to_owned(), error_description: None };
        UserInfoError::Provider(ProviderError::Refused {
            endpoint: "userinfo",
            status,
            body,
            retry_after: None,
        })
    }

    #[test]
    fn an_error_is_answered_for_what_the_caller_can_do_about_it() {
        for (error, status, code) in [
            (AccessTokenError::MissingSession.into(), StatusCode::UNAUTHORIZED, "missing_session"),
            (UserInfoError::OtherUser, StatusCode::FORBIDDEN, "user_mismatch"),
            (refused(StatusCode::UNAUTHORIZED), StatusCode::UNAUTHORIZED, "invalid_token"),
            (refused(StatusCode::TOO_MANY_REQUESTS), StatusCode::TOO_MANY_REQUESTS, "invalid_token"),
            (refused(StatusCode::BAD_REQUEST), StatusCode::BAD_GATEWAY, "invalid_token"),
            (
                UserInfoError::Provider(ProviderError::not_named("userinfo", "userinfo_endpoint")),
                StatusCode::BAD_GATEWAY,
                code::SERVER_ERROR,
            ),
        ] {
            assert_eq!((error.status(), &*error.code()), (status, code), "{error:?}");
        }
    }

    #[test]
    fn a_missing_access_token_is_told_as_its_own_route_tells_it() {
        let error = UserInfoError::from(AccessTokenError::MissingSession);
        assert_eq!(error.to_json(), AccessTokenError::MissingSession.to_json());
    }
}
