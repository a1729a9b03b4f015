//! Links that work once: to enrol a factor, to choose a new password, to prove an e-mail address.

use std::time::Duration;

use axum::{
    extract::{FromRequest, Request, State},
    response::Response,
};
use http::HeaderMap;
use stepup_protocol::mfa::FactorType;

use super::{
    Beginning,
    kept::Kept,
    open, path,
    visit::{Lost, NothingToEnroll, read_form},
};
use crate::{
    factors::{self, PREFERRED},
    mfa::requirement::{Choice, ListedBy, Requirement},
    model::{Digest, Ticket, TicketPurpose, User},
    oauth::{error::Failure, params::Params},
    pipeline::{Caller, Progress},
    state::Shared,
    store::StoreError,
};

const DAY: u64 = 86_400;

/// How long a ticket is good unless its maker says otherwise.
pub(crate) const LIFETIME: Duration = Duration::from_secs(5 * DAY);

/// A new ticket, for its holder alone.
pub(crate) struct Issued {
    /// Its 32 characters: `ticket_id`.
    pub(crate) ticket: String,
    /// The link that uses it: `ticket_url`.
    pub(crate) url: String,
}

/// Issues a ticket for the user `user_id`, good once and for `lifetime` at most ([`LIFETIME`] is usual).
///
/// # Errors
/// The store failed.
pub(crate) async fn issue(
    shared: &Shared,
    user_id: &str,
    purpose: TicketPurpose,
    lifetime: Duration,
) -> Result<Issued, StoreError> {
    let ticket = stepup_seal::base62(shared.random.as_ref(), 32);
    let page = match &purpose {
        TicketPurpose::EmailVerification { .. } => "u/email-verification",
        TicketPurpose::Enrollment { .. } => "mfa/enrollment",
        TicketPurpose::PasswordReset { .. } => "u/reset-password",
    };
    let now = shared.clock.now();
    let value = Ticket { user_id: user_id.to_owned(), purpose, created_at: now, expires_at: now + lifetime };
    shared.store.insert_ticket(&Digest::of(&ticket), &value).await?;
    let url = format!("{}?ticket={ticket}", shared.issuer.endpoint(page));
    Ok(Issued { ticket, url })
}

/// Takes the ticket; of two callers, one gets it, and nobody one that is over.
///
/// # Errors
/// The store failed.
pub(super) async fn take(shared: &Shared, secret: &str) -> Result<Option<Ticket>, StoreError> {
    let taken = shared.store.take_ticket(&Digest::of(secret)).await?;
    Ok(taken.filter(|ticket| !ticket.expired(shared.clock.now())))
}

/// A request of somebody who holds a ticket.
pub(super) struct Held {
    /// The ticket.
    pub(super) secret: String,
    /// What was typed.
    pub(super) params: Params,
}

impl Held {
    /// Whom the ticket is for and what it is good for; none where it was used, is over, or its user is gone or blocked.
    pub(super) async fn user(&self, shared: &Shared) -> Result<Option<(User, TicketPurpose)>, Lost> {
        let failed = |error: StoreError| Lost::Failed(shared.clone(), error.into());
        let ticket = shared.store.ticket(&Digest::of(&self.secret)).await.map_err(failed)?;
        let Some(ticket) = ticket.filter(|ticket| !ticket.expired(shared.clock.now())) else {
            return Ok(None);
        };
        let user = shared.store.user(&ticket.user_id).await.map_err(failed)?;
        Ok(user.filter(|user| !user.blocked).map(|user| (user, ticket.purpose)))
    }
}

/// `/mfa/enrollment`: begins to enrol a factor without a client. The link is spent when the factor is confirmed, and not by
/// opening it.
pub(super) async fn enroll(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    held: Held,
) -> Result<Response, Lost> {
    let failed = |failure: Failure| Lost::Failed(shared.clone(), failure);
    let Some((user, TicketPurpose::Enrollment { factor, allow_multiple })) = held.user(&shared).await? else {
        return Err(Lost::Ticket(shared));
    };
    let authenticators = factors::held(&shared, &user).await.map_err(failed)?;
    if !allow_multiple && factors::enrolled_on_purpose(&shared.config, &authenticators) {
        return Err(Lost::TicketForNothing(shared, NothingToEnroll::AlreadyEnrolled));
    }
    let offered: Vec<_> = PREFERRED
        .into_iter()
        .filter(|&it| it != FactorType::RecoveryCode && shared.config.factors.enabled(it))
        .filter(|&it| factor.is_none_or(|factor| factor == it))
        .collect();
    if offered.is_empty() {
        return Err(Lost::TicketForNothing(shared, NothingToEnroll::SwitchedOff));
    }
    let choice = Choice { factors: offered, listed_by: ListedBy::Tenant, may_remember: false };
    let beginning = Beginning {
        user_id: Some(user.user_id),
        progress: Progress { waiting: Some(Requirement::Enroll(choice)), ..Progress::default() },
        kept: Kept::of_ticket(Digest::of(&held.secret)),
        ..Beginning::default()
    };
    open(&shared, &caller, &headers, beginning, path::RESUME).await.map_err(failed)
}

impl FromRequest<Shared> for Held {
    type Rejection = Lost;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Lost> {
        let (_, params) = read_form(shared, request).await?;
        match params.map(|params| (params.text("ticket").map(str::to_owned), params)) {
            Some((Some(secret), params)) => Ok(Self { secret, params }),
            _ => Err(Lost::Ticket(shared.clone())),
        }
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Held").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Issued").finish_non_exhaustive()
    }
}
