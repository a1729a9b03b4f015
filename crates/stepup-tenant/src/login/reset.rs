//! `/u/reset-password/request` and `/u/reset-password`: a new password for whoever forgot theirs.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;

use super::{
    ticket::{self, Held},
    visit::{Lost, Visit},
};
use crate::{
    config::LogoutInitiator,
    dbconnections::{account::LONGEST_PASSWORD, change_password},
    factors::email::is_address,
    model::{TicketPurpose, User},
    oauth::{
        audit::Audit,
        error::{Failure, TenantFault},
        logout::backchannel,
    },
    pages::{self, notice, problem::EmailProblem, reset_password, reset_password_request},
    passwords::{
        choose::{ChoiceError, Chosen, choose, policy_of},
        policy::Refusal,
    },
    pipeline::Caller,
    state::Shared,
};

/// Asks for the address.
pub(super) async fn show_request(visit: Visit) -> Result<Response, Lost> {
    let hint = visit.login.parameters.get("login_hint").cloned().unwrap_or_default();
    Ok(request_page(&visit, &hint, false, None))
}

/// Mails the link; says the same whether or not somebody has that address.
pub(super) async fn submit_request(visit: Visit) -> Result<Response, Lost> {
    let email = visit.params.text("email").unwrap_or_default().trim().to_owned();
    if email.is_empty() {
        return Ok(request_page(&visit, &email, false, Some(EmailProblem::Missing)));
    }
    if !is_address(&email) {
        return Ok(request_page(&visit, &email, false, Some(EmailProblem::Malformed)));
    }
    let client_id = visit.login.client_id.as_str();
    for connection in visit.connections() {
        let sent =
            change_password::request(&visit.shared, &visit.caller, Some(client_id), &connection.name, &email);
        sent.await.map_err(|failure| visit.failed(failure))?;
    }
    Ok(request_page(&visit, &email, true, None))
}

fn request_page(visit: &Visit, email: &str, sent: bool, problem: Option<EmailProblem>) -> Response {
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let view = reset_password_request::View { frame: visit.frame(None), email, sent, problem };
    visit.page(status, reset_password_request::render(&view))
}

/// Behind the mailed link: asks for the new password.
pub(super) async fn show(State(shared): State<Shared>, held: Held) -> Result<Response, Lost> {
    let Some((user, _)) = due(&shared, &held).await? else { return Err(Lost::Ticket(shared)) };
    Ok(page(&shared, &held, &user, None))
}

/// Takes it. Of two forms with one link, one does; all sessions of the user end.
pub(super) async fn submit(
    State(shared): State<Shared>,
    caller: Caller,
    held: Held,
) -> Result<Response, Lost> {
    let Some((user, _)) = due(&shared, &held).await? else { return Err(Lost::Ticket(shared)) };
    let Some(password) = held.params.text("password") else {
        return Ok(page(&shared, &held, &user, Some(reset_password::Problem::Missing)));
    };
    let refused = |refusal| Ok(page(&shared, &held, &user, Some(reset_password::Problem::Password(refusal))));
    if password.len() > LONGEST_PASSWORD {
        return refused(Refusal::Weak);
    }
    let failed = |failure: Failure| Lost::Failed(shared.clone(), failure);
    let Chosen { hash, remembered } = match choose(&shared, &user, password).await {
        Ok(chosen) => chosen,
        Err(ChoiceError::Refused(refusal)) => return refused(refusal),
        Err(ChoiceError::Password(error)) => return Err(failed(TenantFault::Password(error).into())),
        Err(ChoiceError::Store(error)) => return Err(failed(error.into())),
    };
    let taken = ticket::take(&shared, &held.secret).await.map_err(|error| failed(error.into()))?;
    let Some(TicketPurpose::PasswordReset { client_id, verifies_email }) = taken.map(|it| it.purpose) else {
        return Err(Lost::Ticket(shared.clone()));
    };
    let now = shared.clock.now();
    let told = backchannel::notify_all(&shared, &user.user_id, LogoutInitiator::PasswordChanged).await;
    told.map_err(&failed)?;
    let changed = shared.store.change_password(&user.user_id, &hash, remembered, now).await;
    changed.map_err(|error| failed(error.into()))?;
    if let Some(email) = user.email.as_deref().filter(|_| verifies_email && !user.email_verified) {
        let verified = shared.store.verify_email(&user.user_id, email, now).await;
        verified.map_err(|error| failed(error.into()))?;
    }
    let client = client_id.as_deref().and_then(|id| shared.config.client(id));
    let audit = Audit::new(&shared, &caller).user(&user);
    let audit = match client {
        Some(client) => audit.client(client),
        None => audit,
    };
    audit.write("scp").await;
    let view = notice::View {
        tenant: &shared.config.friendly_name,
        done: notice::Done::PasswordChanged,
        way_on: None,
    };
    Ok((pages::headers::page([]), notice::render(&view)).into_response())
}

/// Whose password the link is for.
async fn due(shared: &Shared, held: &Held) -> Result<Option<(User, TicketPurpose)>, Lost> {
    let found = held.user(shared).await?;
    Ok(found.filter(|(_, purpose)| matches!(purpose, TicketPurpose::PasswordReset { .. })))
}

fn page(shared: &Shared, held: &Held, user: &User, problem: Option<reset_password::Problem>) -> Response {
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let view = reset_password::View {
        tenant: &shared.config.friendly_name,
        account: user.email.as_deref().unwrap_or(&user.name),
        ticket: &held.secret,
        policy: &policy_of(shared, user),
        problem,
    };
    (status, pages::headers::page([]), reset_password::render(&view)).into_response()
}
