//! `GET /auth/login`: off to the tenant.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use url::{Position, Url};

use super::{
    answer, base_url,
    login_ended::{self, Ended, Ways},
    navigation::wants_page,
    popup,
    prefetch::is_prefetch,
    query::LONGEST_PARAMETER,
    return_to, too_large,
};
use crate::{
    client::Client,
    login::{LoginError, LoginRequest},
    pages::{Frame, WayOn},
    session::SessionState,
    tokens::AccessTokenRequest,
    transaction::Popup,
};

/// The parameter with which, as `true`, what a login brings goes into the session of the user who is logged in, beside what
/// is there; somebody else's login changes nothing.
pub(crate) const STEP_UP: &str = "stepUp";

/// The parameter with which, as `true`, the configured scopes are asked for beside the given one, as a look-up of the token
/// asks for them by itself.
const MERGE_SCOPES: &str = "mergeScopes";

const BAD_TRANSACTION_ID: &str =
    "Invalid transactionId query param. Must be 1 to 64 letters, digits, hyphens or underscores.";
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
    let mut login = LoginRequest {
        return_to: base_url::home(client, base),
        redirect_uri: base_url::route(client, base, &client.config().routes.callback),
        popup: None,
        into_session: false,
        subject: None,
        parameters: Vec::new(),
    };
    let (mut transaction_id, mut merge_scopes) = (None, false);
    for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or("").as_bytes()) {
        match &*name {
            "returnTo" => {
                if let Some(path) = return_to::safe_path(&value, base) {
                    login.return_to = path;
                }
            }
            "challengeMode" if value == "redirect" => login.popup = None,
            "challengeMode" if value == "popup" => login.popup = Some(Popup::default()),
            "challengeMode" => return answer::text(StatusCode::BAD_REQUEST, bad_challenge_mode(&value)),
            STEP_UP => login.into_session = value == "true",
            MERGE_SCOPES => merge_scopes = value == "true",
            "transactionId" if popup::is_transaction_id(&value) => transaction_id = Some(value.into_owned()),
            "transactionId" => return answer::text(StatusCode::BAD_REQUEST, BAD_TRANSACTION_ID),
            "scope" | "audience" if value.len() > LONGEST_PARAMETER => {
                tracing::warn!(parameter = &*name, bytes = value.len(), "too long, and so left out");
            }
            _ => login.parameters.push((name.into_owned(), value.into_owned())),
        }
    }
    if merge_scopes {
        let merged = looked_up(&login.parameters).login_parameters(client);
        login.parameters.extend(merged.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    if let Some(session) = session.session().filter(|_| login.into_session || login.popup.is_some()) {
        login = login.for_user_of(session);
    }
    if let Some(popup) = &mut login.popup {
        popup.transaction_id = transaction_id;
    }
    let in_popup = login.popup.clone();
    let return_to = return_to::address(&login.return_to, base);
    let begun = client.start_login(login).await.and_then(|started| {
        let cookies = client.remember(&started.transaction, request.headers(), session)?;
        Ok((started.location, cookies))
    });
    match begun {
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

/// The token that the parameters are about, as the plain look-up asks for it.
fn looked_up(parameters: &[(String, String)]) -> AccessTokenRequest {
    parameters.iter().fold(AccessTokenRequest::new(), |wanted, (name, value)| match &**name {
        "audience" if !value.is_empty() => wanted.audience(value),
        "scope" if !value.is_empty() => wanted.scope(&**value),
        _ => wanted,
    })
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

fn bad_challenge_mode(value: &str) -> String {
    format!("Invalid challengeMode query param: {value}. Expected 'redirect', 'popup', or omit.")
}
