//! How a call fails, and what goes on the wire for it: `{statusCode, error, message, errorCode}`, made in one place.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use stepup_protocol::error::code;

use crate::{
    config::ChangeError,
    delivery::DeliveryError,
    oauth::{dpop::ProofFault, never_stored},
    passwords::{PasswordError, choose::ChoiceError, policy::Refusal},
    store::StoreError,
};

/// Why a call to the Management API failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The call is understood but cannot be done.
    #[error("{message}")]
    BadRequest { message: Cow<'static, str>, code: &'static str },
    /// There is no token, or it is not good.
    #[error(transparent)]
    Bearer(#[from] BearerFault),
    /// The configuration would not be one that can be used.
    #[error("Payload validation error: '{0}'.")]
    Configuration(#[source] ChangeError),
    /// What was to be made is there already.
    #[error("{message}")]
    Conflict { message: Cow<'static, str>, code: &'static str },
    /// A file is larger than the call takes.
    #[error("Payload content length greater than maximum allowed: {0}")]
    TooLarge(u64),
    /// As many imports as may be are under way.
    #[error(
        "There are {0} active import users jobs, please wait until some of them are finished and try again"
    )]
    TooManyJobs(u32),
    /// A message could not be sent.
    #[error("The message could not be sent")]
    Delivery(#[source] DeliveryError),
    /// There is no such thing; some of the real answers have no code.
    #[error("{message}")]
    NotFound { message: Cow<'static, str>, code: Option<&'static str> },
    /// The body is not what the call takes.
    #[error("Payload validation error: {0}.")]
    Payload(String),
    /// The body is no JSON.
    #[error("Invalid request payload JSON format")]
    PayloadJson(#[source] serde_json::Error),
    /// A query parameter is not what the call takes.
    #[error("Query validation error: {0}.")]
    Query(String),
    /// The token allows other things.
    #[error("Insufficient scope, expected any of: {}", .0.join(","))]
    Scope(&'static [&'static str]),
    /// The tenant failed.
    #[error("the tenant failed")]
    Tenant(#[from] TenantFault),
    /// Too many calls.
    #[error("Global limit has been reached")]
    TooMany,
    /// A segment of the path is not what the call takes.
    #[error("Path validation error: {0}.")]
    Uri(String),
}

/// Why a token is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BearerFault {
    #[error("Bad audience: {0}")]
    Audience(String),
    #[error("The access token is bound to a key: present it as DPoP, with a proof")]
    Bound,
    #[error("Expired token received for JSON Web Token validation")]
    Expired,
    #[error("Bad HTTP authentication header format")]
    Format,
    #[error("Invalid token")]
    Invalid,
    #[error("Missing authentication")]
    Missing,
    #[error(transparent)]
    Proof(ProofFault),
    #[error("The access token is not bound to a key: present it as Bearer")]
    Unbound,
}

/// A failure that is nobody's outside.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TenantFault {
    #[error("the user's sessions or messages failed")]
    Login(#[source] Box<crate::oauth::error::Failure>),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the DPoP proof could not be judged")]
    Proof(#[source] Box<crate::oauth::error::Failure>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure {
    /// There is no such thing.
    pub(crate) fn not_found(message: &'static str, code: &'static str) -> Self {
        Self::NotFound { message: message.into(), code: Some(code) }
    }

    /// It cannot be done.
    pub(crate) fn bad_request(message: impl Into<Cow<'static, str>>, code: &'static str) -> Self {
        Self::BadRequest { message: message.into(), code }
    }

    /// It is there already.
    pub(crate) fn conflict(message: impl Into<Cow<'static, str>>, code: &'static str) -> Self {
        Self::Conflict { message: message.into(), code }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest { .. }
            | Self::Bearer(BearerFault::Format | BearerFault::Proof(_))
            | Self::Configuration(_)
            | Self::Payload(_)
            | Self::PayloadJson(_)
            | Self::Query(_)
            | Self::Uri(_) => StatusCode::BAD_REQUEST,
            Self::Bearer(_) => StatusCode::UNAUTHORIZED,
            Self::Delivery(_) => StatusCode::BAD_GATEWAY,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Scope(_) => StatusCode::FORBIDDEN,
            Self::Tenant(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany | Self::TooManyJobs(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    fn code(&self) -> Option<&'static str> {
        match self {
            Self::BadRequest { code, .. } | Self::Conflict { code, .. } => Some(code),
            Self::Bearer(BearerFault::Format) => Some("Bearer"),
            Self::Bearer(BearerFault::Proof(_)) => Some(code::INVALID_DPOP_PROOF),
            Self::Bearer(_)
            | Self::Delivery(_)
            | Self::PayloadJson(_)
            | Self::Tenant(_)
            | Self::TooLarge(_) => None,
            Self::NotFound { code, .. } => *code,
            Self::Configuration(_) | Self::Payload(_) => Some("invalid_body"),
            Self::Query(_) => Some("invalid_query_string"),
            Self::Scope(_) => Some("insufficient_scope"),
            Self::TooMany | Self::TooManyJobs(_) => Some("too_many_requests"),
            Self::Uri(_) => Some("invalid_uri"),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Tenant(_) => "An internal server error occurred".to_owned(),
            other => other.to_string(),
        }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Store(error) => error.into(),
            refused => Self::Configuration(refused),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Tenant(error.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::bad_request(format!("{}: {refusal}", refusal.name()), "invalid_body")
    }
}

impl From<ChoiceError> for Failure {
    fn from(error: ChoiceError) -> Self {
        match error {
            ChoiceError::Password(error) => error.into(),
            ChoiceError::Refused(refusal) => refusal.into(),
            ChoiceError::Store(error) => error.into(),
        }
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        Self::Tenant(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Self::Tenant(fault) = &self {
            tracing::error!(error = fault as &dyn std::error::Error, "a call of the Management API failed");
        }
        let status = self.status();
        let mut body = json!({
            "statusCode": status.as_u16(),
            "error": status.canonical_reason().unwrap_or_default(),
            "message": self.message(),
        });
        if let Some(code) = self.code() {
            body["errorCode"] = Value::from(code);
        }
        json_response(status, &body)
    }
}

/// A JSON body as every answer of the API has it: never stored.
pub(super) fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    never_stored(headers);
    response
}
