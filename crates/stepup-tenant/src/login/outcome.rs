//! How a page is answered.

use std::time::Duration;

use http::StatusCode;

use crate::pages::problem::{CodeProblem, SendProblem};

/// The status of a page, and when to come again, where that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub(super) status: StatusCode,
    pub(super) opens_in: Option<Duration>,
}

impl Outcome {
    const fn closed_for(time: Duration) -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, opens_in: Some(time) }
    }
}

impl From<StatusCode> for Outcome {
    fn from(status: StatusCode) -> Self {
        Self { status, opens_in: None }
    }
}

impl From<CodeProblem> for Outcome {
    fn from(problem: CodeProblem) -> Self {
        match problem {
            CodeProblem::TooManyFailures(time) => Self::closed_for(time),
            _ => StatusCode::BAD_REQUEST.into(),
        }
    }
}

impl From<SendProblem> for Outcome {
    fn from(problem: SendProblem) -> Self {
        match problem {
            SendProblem::Failed => StatusCode::BAD_GATEWAY.into(),
            SendProblem::TooMany(time) | SendProblem::TooSoon(time) => Self::closed_for(time),
        }
    }
}

impl<T: Into<Self>> From<Option<T>> for Outcome {
    fn from(problem: Option<T>) -> Self {
        problem.map_or_else(|| StatusCode::OK.into(), T::into)
    }
}
