//! Errors as the routes and the handlers of an application answer them.

use std::{borrow::Cow, time::Duration};

use http::StatusCode;
use serde_json::{Map, Value};

/// The face that every error shows which a handler may come upon: a stable code for programs, a status and a JSON body for
/// a route, and the time to wait where the tenant told it. For this crate's errors alone.
///
/// ```
/// use stepup::{WireError as _, mfa::MfaTokenError};
///
/// let error = MfaTokenError::Expired;
/// assert_eq!(error.code(), "mfa_token_expired");
/// assert_eq!(error.status(), 401);
/// assert_eq!(error.to_json()["error"], "mfa_token_expired");
/// ```
pub trait WireError: std::error::Error {
    /// The answer that tells this error.
    #[doc(hidden)]
    fn answer(&self) -> Answer<'_>;

    /// One of ours (`mfa_token_expired`), or the tenant's own (`invalid_grant`).
    fn code(&self) -> Cow<'_, str> {
        self.answer().code
    }

    /// The status that a route answers.
    fn status(&self) -> StatusCode {
        self.answer().status
    }

    /// The body that a route answers: `error`, `error_description`, and for `mfa_required` also `mfa_token` and
    /// `mfa_requirements`. Where there is no access token for another reason, browsers' clients expect `error` to hold `code`
    /// and `message`. Both say `login_required` where only a login helps.
    ///
    /// After a recovery code `mfa_required` has the new one too, as `recovery_code`. The tenant tells it this once: an
    /// answer of your own has to show it.
    fn to_json(&self) -> Value {
        self.answer().into_json()
    }

    /// How long to wait before another attempt, where the tenant told it.
    fn retry_after(&self) -> Option<Duration> {
        self.answer().retry_after
    }
}

/// An error as an answer. Built by [`WireError::answer`] alone.
#[derive(Debug)]
pub struct Answer<'a> {
    status: StatusCode,
    code: Cow<'a, str>,
    body: Map<String, Value>,
    retry_after: Option<Duration>,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(status: StatusCode, code: impl Into<Cow<'a, str>>, description: &str) -> Self {
        let mut answer = Self { status, code: code.into(), body: Map::new(), retry_after: None };
        answer.say("error", &*answer.code.clone());
        answer.say("error_description", description);
        answer
    }

    /// With `value` in the body.
    pub(crate) fn say(&mut self, name: &str, value: impl Into<Value>) {
        self.body.insert(name.to_owned(), value.into());
    }

    /// Not before `wait` is over.
    pub(crate) fn after(self, wait: Option<Duration>) -> Self {
        Self { retry_after: wait, ..self }
    }

    pub(crate) fn into_json(self) -> Value {
        Value::Object(self.body)
    }
}
