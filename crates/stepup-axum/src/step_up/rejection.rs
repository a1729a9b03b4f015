//! Why a guarded handler was not called.

use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use stepup::guard::Stopped;

use crate::{SessionRejection, routes::refuse};

/// Why a guarded handler was not called.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepUpRejection {
    /// The handler takes [`SteppedUp`](crate::SteppedUp) without a requirement, and there is no
    /// [`StepUp`](crate::StepUp) layer around it. Answers 500.
    #[error("there is no `StepUp` layer around this handler, and no requirement in `SteppedUp`")]
    LayerMissing,
    /// Nobody is logged in, or there is no session layer.
    #[error(transparent)]
    Session(#[from] SessionRejection),
    /// The guard stopped the request, and answers it.
    #[error("{reason}")]
    Stopped {
        /// Why.
        reason: Stopped,
        /// The answer.
        response: Box<Response>,
    },
}

impl IntoResponse for StepUpRejection {
    fn into_response(self) -> Response {
        match self {
            Self::Session(rejection) => rejection.into_response(),
            Self::Stopped { response, .. } => *response,
            fault @ Self::LayerMissing => {
                tracing::error!("{fault}");
                let description = "The application is not set up right.";
                refuse(StatusCode::INTERNAL_SERVER_ERROR, "server_error", description)
            }
        }
    }
}
