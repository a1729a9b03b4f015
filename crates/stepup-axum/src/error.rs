//! Errors of the SDK as answers.

use std::time::Duration;

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::Value;
use stepup::{
    AccessTokenError, answer,
    mfa::{
        ChallengeError, DeleteAuthenticatorError, EnrollError, ListAuthenticatorsError, MfaError,
        MfaRequired, MfaTokenError, VerifyError,
    },
};

/// An error of the SDK as the JSON answer that its own routes would give, so that a handler can use `?`.
///
/// ```
/// use stepup_axum::{ErrorResponse, Session};
///
/// async fn token(mut session: Session) -> Result<String, ErrorResponse> {
///     let token = session.access_token(&stepup::AccessTokenRequest::new()).await?;
///     Ok(token.scope().map(ToString::to_string).unwrap_or_default())
/// }
/// ```
#[derive(Debug)]
pub struct ErrorResponse(Box<Response>);

impl ErrorResponse {
    fn of(error: &impl MfaError) -> Self {
        Self::new(error.status(), &error.to_json(), error.retry_after())
    }

    fn new(status: StatusCode, body: &Value, wait: Option<Duration>) -> Self {
        let response = answer::private(answer::wait(wait, answer::json(status, body)));
        Self(Box::new(response.map(Body::from)))
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl From<AccessTokenError> for ErrorResponse {
    fn from(error: AccessTokenError) -> Self {
        Self::new(error.status(), &error.to_json(), error.retry_after())
    }
}

impl From<ChallengeError> for ErrorResponse {
    fn from(error: ChallengeError) -> Self {
        Self::of(&error)
    }
}

impl From<DeleteAuthenticatorError> for ErrorResponse {
    fn from(error: DeleteAuthenticatorError) -> Self {
        Self::of(&error)
    }
}

impl From<EnrollError> for ErrorResponse {
    fn from(error: EnrollError) -> Self {
        Self::of(&error)
    }
}

impl From<ListAuthenticatorsError> for ErrorResponse {
    fn from(error: ListAuthenticatorsError) -> Self {
        Self::of(&error)
    }
}

impl From<MfaRequired> for ErrorResponse {
    fn from(error: MfaRequired) -> Self {
        Self::of(&error)
    }
}

impl From<MfaTokenError> for ErrorResponse {
    fn from(error: MfaTokenError) -> Self {
        Self::of(&error)
    }
}

impl From<VerifyError> for ErrorResponse {
    fn from(error: VerifyError) -> Self {
        Self::of(&error)
    }
}
