//! `/u/signup`: a new account, and with it the first login.

use axum::response::Response;
use http::StatusCode;

use super::{
    log_in, path,
    visit::{Lost, Visit},
};
use crate::{
    config::Connection,
    dbconnections::account::{self, LONGEST_PASSWORD, NewAccount, SignUpError},
    factors::email::is_address,
    pages::signup::{Problem, View, render},
    passwords::policy::Refusal,
};

/// Shows the form, where people may sign up by themselves.
pub(super) async fn show(visit: Visit) -> Result<Response, Lost> {
    let Some(connection) = open_connection(&visit).cloned() else { return Ok(visit.go(path::LOGIN)) };
    if visit.user().await?.is_some() {
        return Ok(visit.go(path::RESUME));
    }
    let hint = visit.login.parameters.get("login_hint").cloned().unwrap_or_default();
    Ok(page(&visit, &connection, &hint, None))
}

/// Makes the account and goes on with the login.
pub(super) async fn submit(visit: Visit) -> Result<Response, Lost> {
    let Some(connection) = open_connection(&visit).cloned() else { return Ok(visit.go(path::LOGIN)) };
    if visit.user().await?.is_some() {
        return Ok(visit.go(path::RESUME));
    }
    let email = visit.params.text("email").unwrap_or_default().trim().to_owned();
    if email.is_empty() {
        return Ok(page(&visit, &connection, &email, Some(Problem::NoEmail)));
    }
    if !is_address(&email) {
        return Ok(page(&visit, &connection, &email, Some(Problem::MalformedEmail)));
    }
    let Some(password) = visit.params.text("password") else {
        return Ok(page(&visit, &connection, &email, Some(Problem::NoPassword)));
    };
    if password.len() > LONGEST_PASSWORD {
        return Ok(page(&visit, &connection, &email, Some(Problem::Password(Refusal::Weak))));
    }
    let new = NewAccount { email: Some(email.clone()), password: password.into(), ..NewAccount::default() };
    let client_id = Some(visit.login.client_id.as_str());
    let user = match account::sign_up(&visit.shared, &visit.caller, client_id, &connection, new).await {
        Ok(user) => user,
        Err(SignUpError::Taken) => {
            return Ok(page(&visit, &connection, &email, Some(Problem::CannotSignUp)));
        }
        Err(SignUpError::Password { refusal, .. }) => {
            return Ok(page(&visit, &connection, &email, Some(Problem::Password(refusal))));
        }
        Err(SignUpError::Tenant(fault)) => return Err(visit.failed(fault)),
    };
    let now = visit.shared.clock.now();
    let counted = visit.shared.store.record_login(&user.user_id, now).await;
    let user = counted.map_err(|error| visit.failed(error))?.unwrap_or(user);
    log_in::begin_session(visit, user).await
}

/// The login's first connection, if people may sign up in it.
fn open_connection(visit: &Visit) -> Option<&Connection> {
    visit.connections().into_iter().next().filter(|connection| connection.signup)
}

fn page(visit: &Visit, connection: &Connection, email: &str, problem: Option<Problem>) -> Response {
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let policy = &connection.passwords;
    visit.page(status, render(&View { frame: visit.frame(None), email, policy, problem }))
}
