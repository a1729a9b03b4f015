//! What a login has sent: which transaction out of band it waits for, and when it may send again.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use stepup_protocol::time::UnixTime;

use super::visit::{Lost, Visit};
use crate::{
    factors::Kind,
    model::{Authenticator, Credential, Digest},
    oauth::error::{Exhausted, Failure, Limit, TenantFault},
    pages::problem::SendProblem,
};

/// How long to wait before another one is sent.
const PATIENCE: Duration = Duration::from_secs(30);

/// The last that was sent to one authenticator in one way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sent {
    kind: Kind,
    authenticator_id: String,
    /// The address that it went to, where it was mailed.
    #[serde(default)]
    address: Option<String>,
    /// Names the transaction; what a client would hold is not kept.
    pub(super) oob_code: Digest,
    at: UnixTime,
    /// The phone said no.
    #[serde(default)]
    pub(super) denied: bool,
}

impl Sent {
    /// Something that was sent at `now`.
    pub(super) fn new(
        kind: Kind,
        authenticator: &Authenticator,
        oob_code: &SecretString,
        now: UnixTime,
    ) -> Self {
        let address = address(authenticator).map(str::to_owned);
        Self { address, ..Self::to(kind, authenticator.id.clone(), oob_code, now) }
    }

    /// The same, to an authenticator of which no more than the id is known.
    pub(super) fn to(kind: Kind, authenticator_id: String, oob_code: &SecretString, now: UnixTime) -> Self {
        let oob_code = Digest::of(oob_code.expose_secret());
        Self { kind, authenticator_id, address: None, oob_code, at: now, denied: false }
    }

    /// Whether it went there in that way.
    pub(super) fn went(&self, kind: Kind, authenticator_id: &str) -> bool {
        self.kind == kind && self.authenticator_id == authenticator_id
    }

    /// Whether the authenticator is still where it went: the address of the profile may change under its id.
    pub(super) fn reaches(&self, authenticator: &Authenticator) -> bool {
        self.address.is_none() || self.address.as_deref() == address(authenticator)
    }

    /// Whether both went the same way.
    pub(super) fn same_way(&self, other: &Self) -> bool {
        self.went(other.kind, &other.authenticator_id)
    }

    /// Seconds until another one may be sent.
    pub(super) fn wait(&self, visit: &Visit) -> u64 {
        (self.at + PATIENCE).since(visit.shared.clock.now()).as_secs()
    }

    /// What is said to whoever asks for another one before that.
    pub(super) fn too_soon(&self, visit: &Visit) -> Option<SendProblem> {
        let wait = self.wait(visit);
        (wait > 0).then(|| SendProblem::TooSoon(Duration::from_secs(wait)))
    }

    /// Whether it is over.
    pub(super) fn expired(&self, visit: &Visit) -> bool {
        visit.shared.clock.now() >= self.at + visit.shared.config.mfa.oob_code_lifetime
    }
}

fn address(authenticator: &Authenticator) -> Option<&str> {
    match &authenticator.credential {
        Credential::Email { address } => Some(address),
        _ => None,
    }
}

/// What a page says of a failure to send; any other failure is none of its business.
pub(super) fn send_problem(visit: &Visit, failure: Failure) -> Result<SendProblem, Lost> {
    match failure {
        Failure::Limit(Exhausted { limit: Limit::Emails | Limit::Pushes | Limit::Texts, opens_in }) => {
            Ok(SendProblem::TooMany(opens_in))
        }
        Failure::Tenant(fault @ TenantFault::Delivery(_)) => {
            tracing::warn!(error = &fault as &dyn std::error::Error, "a message for a second factor failed");
            Ok(SendProblem::Failed)
        }
        other => Err(visit.failed(other)),
    }
}
