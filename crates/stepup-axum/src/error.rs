//! Errors of the SDK as answers.

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use stepup::{WireError, answer};

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

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl<E: WireError> From<E> for ErrorResponse {
    fn from(error: E) -> Self {
        let response = answer::json(error.status(), &error.to_json());
        Self(Box::new(answer::private(answer::wait(error.retry_after(), response)).map(Body::from)))
    }
}
