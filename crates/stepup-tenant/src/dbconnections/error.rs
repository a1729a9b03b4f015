//! How a call to `/dbconnections/*` fails: errors of their own form, apart from OAuth's.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::account::SignUpError;
use crate::{
    oauth::{
        error::{Failure, TenantFault},
        params::ParamsError,
    },
    passwords::policy::Refusal,
};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The connection is not there, or not for this client.
    #[error("the connection does not exist, or the client may not use it")]
    Connection,
    /// A field that is missing or cannot be right.
    #[error("{0}")]
    Field(String),
    /// The body cannot be read.
    #[error("the body cannot be read: {0}")]
    Malformed(#[source] ParamsError),
    /// Nobody was signed up.
    #[error(transparent)]
    SignUp(#[from] SignUpError),
    /// The tenant failed.
    #[error(transparent)]
    Tenant(#[from] Failure),
    /// The connection lets nobody sign up.
    #[error("Public signup is disabled")]
    SignUpDisabled,
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let text = self.to_string();
        match self {
            Self::Connection => answer("NotFoundError", "invalid_connection", &json!(text)),
            Self::Field(_) | Self::Malformed(_) => answer("BadRequestError", "bad_request", &json!(text)),
            Self::SignUpDisabled => answer("Error", "signup_disabled", &json!(text)),
            Self::SignUp(SignUpError::Taken) => answer("BadRequestError", "invalid_signup", &json!(text)),
            Self::SignUp(SignUpError::Password { refusal: Refusal::Weak, policy, report }) => {
                weak(&policy, &report)
            }
            Self::SignUp(SignUpError::Password { refusal, .. }) => unsuited(refusal),
            Self::SignUp(SignUpError::Tenant(fault)) => Failure::Tenant(fault).into_response(),
            Self::Tenant(failure) => failure.into_response(),
        }
    }
}

impl From<TenantFault> for Fault {
    fn from(fault: TenantFault) -> Self {
        Self::Tenant(fault.into())
    }
}

fn answer(name: &str, code: &str, description: &Value) -> Response {
    body(&json!({ "name": name, "code": code, "description": description, "statusCode": 400 }))
}

fn unsuited(refusal: Refusal) -> Response {
    body(&json!({
        "name": refusal.name(),
        "code": "invalid_password",
        "message": refusal.to_string(),
        "description": refusal.to_string(),
        "statusCode": 400,
    }))
}

fn weak(policy: &str, report: &Value) -> Response {
    body(&json!({
        "name": Refusal::Weak.name(),
        "code": "invalid_password",
        "message": Refusal::Weak.to_string(),
        "policy": policy,
        "description": report,
        "statusCode": 400,
    }))
}

fn body(body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (StatusCode::BAD_REQUEST, headers, body.to_string()).into_response()
}
