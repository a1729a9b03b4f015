//! Why a handler was not called.

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

use stepup::answer;

use crate::routes::refuse;

/// Why a handler that takes the session was not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionRejection {
    /// The handler takes the session twice: take it once, and [`User`](crate::User) beside it. Answers 500.
    #[error("the session is taken already: a handler takes `Session` or `OptionalSession` once")]
    InUse,
    /// [`SessionLayer`](crate::SessionLayer) is not around this handler. Answers 500.
    #[error("there is no `SessionLayer` around this handler: put one around the router")]
    LayerMissing,
    /// Nobody is logged in. Answers a redirect to the login where a browser asked for a page, else 401 with
    /// `{"error":"not_authenticated",…}`.
    #[error("nobody is logged in")]
    NotLoggedIn {
        /// The login route with the way back, where a browser asked for a page.
        login: Option<String>,
    },
}

impl IntoResponse for SessionRejection {
    fn into_response(self) -> Response {
        match self {
            Self::NotLoggedIn { login: Some(login) } => redirect(&login),
            Self::NotLoggedIn { login: None } => {
                refuse(StatusCode::UNAUTHORIZED, "not_authenticated", "The user is not logged in.")
            }
            fault @ (Self::InUse | Self::LayerMissing) => {
                tracing::error!("{fault}");
                refuse(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "server_error",
                    "The application is not set up right.",
                )
            }
        }
    }
}

fn redirect(to: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    if let Ok(location) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    answer::private(response)
}
