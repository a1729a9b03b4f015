//! `GET /auth/login`: off to the tenant.

mod query;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use url::{Position, Url};

use self::query::LoginQuery;
use super::{
    answer, base_url,
    login_ended::{self, Ended, Ways},
    navigation::wants_page,
    popup,
    prefetch::is_prefetch,
    return_to, too_large,
};
use crate::{
    client::Client,
    login::{LoginError, LoginRequest},
    pages::{Frame, WayOn},
    session::SessionState,
};

/// The parameter with which, as `true`, what a login brings goes into the session of the user who is logged in, beside what
/// is there; somebody else's login changes nothing.
pub(crate) const STEP_UP: &str = "stepUp";

const FAILED: &str = "An error occurred while trying to initiate the login request.";

pub(super) async fn answer(
    client: &Client,
    request: &Request<Bytes>,
    session: &SessionState,
) -> Response<Bytes> {
    if is_prefetch(request.headers()) {
        return answer::empty(StatusCode::NO_CONTENT);
    }
    let base = match base_url::of(client, request.headers()) {
        Ok(base) => base,
        Err(error) => return answer::text(StatusCode::BAD_REQUEST, error.to_string()),
    };
    let login = match LoginQuery::parse(request.uri().query().unwrap_or_default(), base) {
        Ok(asked) => asked.login(client, base, session.session()),
        Err(error) => return answer::text(StatusCode::BAD_REQUEST, error.to_string()),
    };
    let in_popup = login.popup.clone();
    let return_to = return_to::address(&login.return_to, base);
    match client.leave_for_login(login, request.headers(), session).await {
        Ok((location, cookies)) => answer::with_cookies(answer::redirect(&location), cookies),
        Err(error) => {
            let (status, message) = (error.status(), message(&error));
            let response = match in_popup {
                Some(popup) => {
                    let failure = popup::Failure { code: error.code(), message: &message };
                    let asked = client.config().pages.asked_in(request.uri().query());
                    let frame = Frame::of(client, base, request.headers(), asked);
                    popup::closing_page(&frame, status, &popup, Err(failure), &return_to)
                }
                None if matches!(error, LoginError::TooLarge { .. }) => {
                    client.session_too_large(request.headers())
                }
                // What is wrong with the address is for whoever wrote it.
                None if status.is_server_error() && wants_page(request.headers()) => {
                    let ended = Ended::before(&error, status, &message);
                    not_begun(client, request, base, ended, session.session().map(|_| &return_to))
                }
                None => answer::text(status, message),
            };
            answer::wait(error.retry_after(), response)
        }
    }
}

impl Client {
    /// Begins a login: where the browser goes, and what it is to remember.
    pub(crate) async fn leave_for_login(
        &self,
        login: LoginRequest,
        headers: &HeaderMap,
        session: &SessionState,
    ) -> Result<(Url, Vec<HeaderValue>), LoginError> {
        let started = self.start_login(login).await?;
        let cookies = self.remember(&started.transaction, headers, session)?;
        Ok((started.location, cookies))
    }
}

/// The page of a login that could not begin: the same once more, or back to where somebody who is logged in was.
fn not_begun(
    client: &Client,
    request: &Request<Bytes>,
    base: &Url,
    ended: Ended<'_>,
    back: Option<&Url>,
) -> Response<Bytes> {
    let mut again = base_url::route(client, base, &client.config().routes.login);
    again.set_query(request.uri().query());
    let home = base_url::home(client, base);
    let other: WayOn<'_> = match back {
        Some(back) => (&back[Position::BeforePath..], |texts| &texts.back_to_the_page),
        None => (&home, |texts| &texts.to_the_start),
    };
    let ways = Ways { again: &again[Position::BeforePath..], other: Some(other) };
    login_ended::page(client, request.headers(), ended, ways)
}

/// What is said to whoever asked; what is wrong on our side is for the log.
fn message(error: &LoginError) -> String {
    if error.status().is_client_error() {
        return error.to_string();
    }
    tracing::error!(error = error as &dyn std::error::Error, "a login could not begin");
    let message = if matches!(error, LoginError::TooLarge { .. }) { too_large::DESCRIPTION } else { FAILED };
    message.to_owned()
}
