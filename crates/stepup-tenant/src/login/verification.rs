//! `/u/email-verification`: behind the mailed link, the address is the user's.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    ticket::{self, Held},
    visit::Lost,
};
use crate::{
    model::TicketPurpose,
    oauth::{audit::Audit, error::Failure},
    pages::{self, email_verification, notice},
    pipeline::Caller,
    state::Shared,
};

/// Asks; programs that look through mail open links, and must not confirm by that.
pub(super) async fn show(State(shared): State<Shared>, held: Held) -> Result<Response, Lost> {
    let Some((_, TicketPurpose::EmailVerification { email })) = held.user(&shared).await? else {
        return Err(Lost::Ticket(shared));
    };
    let view = email_verification::View {
        tenant: &shared.config.friendly_name,
        email: &email,
        ticket: &held.secret,
    };
    Ok((pages::headers::page([]), email_verification::render(&view)).into_response())
}

/// Confirms.
pub(super) async fn submit(
    State(shared): State<Shared>,
    caller: Caller,
    held: Held,
) -> Result<Response, Lost> {
    let Some((user, TicketPurpose::EmailVerification { email })) = held.user(&shared).await? else {
        return Err(Lost::Ticket(shared));
    };
    let failed = |failure: Failure| Lost::Failed(shared.clone(), failure);
    let taken = ticket::take(&shared, &held.secret).await.map_err(|error| failed(error.into()))?;
    if taken.is_none() {
        return Err(Lost::Ticket(shared.clone()));
    }
    let verified = shared.store.verify_email(&user.user_id, &email, shared.clock.now()).await;
    if !verified.map_err(|error| failed(error.into()))? {
        // The profile has another address by now.
        return Err(Lost::Ticket(shared.clone()));
    }
    Audit::new(&shared, &caller).user(&user).describe(email).write("sv").await;
    let view = notice::View {
        tenant: &shared.config.friendly_name,
        done: notice::Done::EmailVerified,
        way_on: None,
    };
    Ok((pages::headers::page([]), notice::render(&view)).into_response())
}
