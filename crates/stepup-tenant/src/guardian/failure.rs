//! How a call of a phone fails, and what goes on the wire for it.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use stepup_protocol::guardian::GuardianError;

use crate::{oauth, store::StoreError};

/// Why a phone's call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The QR code is unknown, over, or taken by another phone.
    #[error("Enrollment transaction not found")]
    EnrollmentTransaction,
    /// The phone is enrolled for this user already.
    #[error("The device is already enrolled for this user")]
    DeviceAccountConflict,
    /// There is no such enrolment.
    #[error("Device account not found")]
    DeviceAccount,
    /// Nothing is asked (any more) under this token.
    #[error("Login transaction not found")]
    LoginTransaction,
    /// What the phone signed, or the token that it brings, is not good.
    #[error("Invalid token: {0}")]
    Token(&'static str),
    /// The body is not what the call takes.
    #[error("Validation error: {0}")]
    Validation(String),
    /// The tenant failed.
    #[error("the tenant failed")]
    Tenant(#[source] Box<oauth::error::Failure>),
}

impl From<oauth::error::Failure> for Failure {
    fn from(failure: oauth::error::Failure) -> Self {
        Self::Tenant(Box::new(failure))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        oauth::error::Failure::from(error).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Self::EnrollmentTransaction => (StatusCode::NOT_FOUND, "enrollment_transaction_not_found"),
            Self::DeviceAccountConflict => (StatusCode::FORBIDDEN, "device_account_conflict"),
            Self::DeviceAccount => (StatusCode::NOT_FOUND, "device_account_not_found"),
            Self::LoginTransaction => (StatusCode::NOT_FOUND, "login_transaction_not_found"),
            Self::Token(_) => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::Validation(_) => (StatusCode::BAD_REQUEST, "validation_error"),
            Self::Tenant(failure) => {
                tracing::error!(error = failure as &dyn std::error::Error, "a phone's call failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "internal_error")
            }
        };
        let body = GuardianError {
            status_code: status.as_u16(),
            error: status.canonical_reason().unwrap_or_default().to_owned(),
            message: self.to_string(),
            error_code: code.to_owned(),
        };
        (status, Json(body)).into_response()
    }
}
