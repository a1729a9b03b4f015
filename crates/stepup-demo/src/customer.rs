//! Who is at the counter: the session of a logged-in customer.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use stepup_axum::{Client, Session, SessionRejection};

use crate::pages::{Frame, notice};

/// A logged-in customer. A page without one leads to the log-in; a form says that the session ended.
#[derive(Debug)]
pub(crate) struct Customer {
    pub(crate) session: Session,
}

impl Customer {
    /// The subject: whose account it is.
    pub(crate) fn id(&self) -> String {
        self.session.subject().to_owned()
    }

    /// The head of the customer's pages.
    pub(crate) fn frame(&self) -> Frame {
        Frame { customer: Some(name(&self.session)) }
    }
}

/// What to call the customer.
pub(crate) fn name(session: &stepup::Session) -> String {
    let claim = |name| session.claim(name).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
    claim("name").or_else(|| claim("email")).unwrap_or(session.subject()).to_owned()
}

impl<S: Send + Sync> FromRequestParts<S> for Customer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Session::from_request_parts(parts, state).await {
            Ok(session) => Ok(Self { session }),
            Err(SessionRejection::NotLoggedIn { login: None }) => {
                let client =
                    Client::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
                let login = client.login_path(page_of(parts.uri.path()));
                Err((StatusCode::UNAUTHORIZED, notice::logged_out(login)).into_response())
            }
            Err(rejection) => Err(rejection.into_response()),
        }
    }
}

/// The page that a form was on: `/transfer/7` for `/transfer/7/code`.
fn page_of(path: &str) -> &str {
    path.match_indices('/').nth(2).map_or(path, |(end, _)| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::page_of;

    #[test]
    fn a_form_is_on_the_page_of_its_order() {
        for (form, page) in [
            ("/transfer/7/code", "/transfer/7"),
            ("/transfer", "/transfer"),
            ("/transfer/7", "/transfer/7"),
            ("/", "/"),
        ] {
            assert_eq!(page_of(form), page);
        }
    }
}
