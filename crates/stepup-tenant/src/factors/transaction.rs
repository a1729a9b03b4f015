//! For whom, and in which transaction, a factor is enrolled, asked for or proved.

use stepup_protocol::mfa::FactorType;

use super::Acceptable;
use crate::{
    config::Client,
    delivery::Outgoing,
    model::{Authenticator, Digest, OobOwner, User},
    oauth::{audit::Audit, error::Failure},
    pipeline::Caller,
    state::Shared,
};

/// For whom, and in which transaction, a factor is enrolled, asked for or proved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transaction<'a> {
    /// The tenant.
    pub(crate) shared: &'a Shared,
    /// Where the request came from.
    pub(crate) caller: &'a Caller,
    /// The application that asked; none behind an enrolment ticket.
    pub(crate) client: Option<&'a Client>,
    /// Whose factor it is.
    pub(crate) user: &'a User,
    /// What the user has: [`super::held`].
    pub(crate) held: &'a [Authenticator],
    /// What names the transaction.
    pub(crate) owner: OobOwner,
    /// Which authenticators may answer.
    pub(crate) acceptable: Acceptable<'a>,
}

impl Transaction<'_> {
    /// Whether an enrolment is allowed here only because the user has nothing to prove yet.
    pub(crate) fn first(&self) -> bool {
        self.acceptable.on_the_strength_of_nothing()
    }

    /// The `mfa_token` that a success spends.
    pub(super) fn mfa_token(&self) -> Option<&Digest> {
        match &self.owner {
            OobOwner::MfaToken(digest) => Some(digest),
            OobOwner::AccessToken | OobOwner::Login(_) | OobOwner::Ticket(_) => None,
        }
    }

    /// Whether a confirmed authenticator of `factor` may answer.
    pub(super) fn accepts_active(&self, factor: FactorType) -> bool {
        self.acceptable.active(factor)
    }

    /// Whether a new authenticator of `factor` may be confirmed.
    pub(super) fn accepts_pending(&self, factor: FactorType) -> bool {
        self.acceptable.pending(&self.shared.config, factor, self.held)
    }

    /// Whether what was to be enrolled cannot be any more: [`Acceptable::overtaken`].
    pub(super) fn overtaken(&self) -> bool {
        self.acceptable.overtaken(&self.shared.config, self.held)
    }

    /// A new id: `{prefix}|dev_{16 characters}`.
    pub(super) fn new_id(&self, prefix: &str) -> String {
        format!("{prefix}|dev_{}", stepup_seal::base62(self.shared.random.as_ref(), 16))
    }

    /// Writes an event of this transaction to the tenant's log.
    pub(crate) async fn log(&self, kind: &str, description: impl Into<String>) {
        self.audit().describe(description).write(kind).await;
    }

    /// Sends a message for a second factor; what the log says of it, it says as of any event of this transaction.
    pub(super) async fn send(&self, outgoing: Outgoing) -> Result<(), Failure> {
        Ok(self.shared.delivery.send_within(outgoing, self.audit().into_event()).await?)
    }

    fn audit(&self) -> Audit<'_> {
        let audit = Audit::new(self.shared, self.caller).user(self.user);
        match self.client {
            Some(client) => audit.client(client),
            None => audit,
        }
    }
}
