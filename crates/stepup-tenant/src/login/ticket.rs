//! Links that work once: to enrol a factor, to choose a new password, to prove an e-mail address.

use std::time::Duration;

use crate::{
    model::{Digest, Ticket, TicketPurpose},
    state::Shared,
    store::StoreError,
};

const DAY: u64 = 86_400;

/// How long a ticket to enrol a factor, or to choose a password or prove an address, is good unless its maker says otherwise.
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

/// The ticket that `secret` is, unless it is over or was used.
///
/// # Errors
/// The store failed.
pub(super) async fn find(shared: &Shared, secret: &str) -> Result<Option<Ticket>, StoreError> {
    let found = shared.store.ticket(&Digest::of(secret)).await?;
    Ok(found.filter(|ticket| !ticket.expired(shared.clock.now())))
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Issued").finish_non_exhaustive()
    }
}
