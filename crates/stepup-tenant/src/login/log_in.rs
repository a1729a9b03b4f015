//! `/u/login`: e-mail address and password.

use axum::response::Response;
use http::{StatusCode, header};

use super::{
    cookies,
    password::{self, Attempt},
    path, session,
    visit::{Kept, Lost, Visit},
};
use crate::{
    model::User,
    oauth::error::{Exhausted, Failure, GrantFault, Limit, UserFault},
    pages::login::{Problem, View, render},
    pipeline::Progress,
};

/// Shows the form, or goes on where the user has logged in already, unless it is not their login: then it begins anew.
pub(super) async fn show(mut visit: Visit) -> Result<Response, Lost> {
    if visit.kept.ticket.is_some() {
        return Ok(visit.go(path::RESUME));
    }
    if visit.params.text("switch").is_some() {
        visit.login.user_id = None;
        visit.login.session_id = None;
        visit.progress = Progress::default();
        visit.kept = Kept::default();
        visit.save().await?;
        return Ok(page(&visit, "", None));
    }
    if visit.user().await?.is_some() {
        return Ok(visit.go(path::RESUME));
    }
    let hint = visit.login.parameters.get("login_hint").cloned().unwrap_or_default();
    Ok(page(&visit, &hint, None))
}

/// Checks what was typed; a right pair begins a session.
pub(super) async fn submit(visit: Visit) -> Result<Response, Lost> {
    if visit.kept.ticket.is_some() || visit.user().await?.is_some() {
        return Ok(visit.go(path::RESUME));
    }
    let username = visit.params.text("username").unwrap_or_default().trim().to_owned();
    if username.is_empty() {
        return Ok(page(&visit, &username, Some(Problem::NoUsername)));
    }
    let Some(password) = visit.params.text("password") else {
        return Ok(page(&visit, &username, Some(Problem::NoPassword)));
    };
    let accepted = visit.accepted()?;
    let connections = visit.connections();
    let attempt = Attempt { connections: &connections, username: &username, password: password.into() };
    let user = match password::log_in(&visit.shared, &visit.caller, accepted.client, attempt).await {
        Ok(user) => user,
        Err(failure) => {
            let problem = match failure {
                Failure::Grant(GrantFault::Password) => Problem::WrongEmailOrPassword,
                Failure::Limit(Exhausted { limit: Limit::Passwords, .. }) => Problem::TooManyAttempts,
                Failure::User(UserFault::Blocked) => Problem::Blocked,
                other => return Err(visit.failed(other)),
            };
            return Ok(page(&visit, &username, Some(problem)));
        }
    };
    begin_session(visit, user).await
}

/// Begins a session for a user who has just given a password, and goes on.
pub(super) async fn begin_session(mut visit: Visit, user: User) -> Result<Response, Lost> {
    let before = cookies::session(&visit.shared, &visit.headers).await;
    let before = before.map_err(|error| visit.failed(error))?;
    let begun = session::begin(&visit.shared, &visit.caller, before, &user).await;
    let begun = begun.map_err(|failure| visit.failed(failure))?;
    let cookies = cookies::keep(&visit.shared, &begun.session, &begun.secret);
    visit.progress = Progress::of_session(&begun.session);
    visit.login.user_id = Some(user.user_id);
    visit.login.session_id = Some(begun.session.id);
    visit.save().await?;
    let mut response = visit.go(path::RESUME);
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn page(visit: &Visit, username: &str, problem: Option<Problem>) -> Response {
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let may_sign_up = visit.connections().first().is_some_and(|connection| connection.signup);
    visit.page(status, render(&View { frame: visit.frame(None), username, may_sign_up, problem }))
}
