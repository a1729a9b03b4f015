//! How messages reach users: always by the inbox, which tests and developers read.

mod inbox;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use stepup_seal::Random;

pub use self::inbox::Inbox;
use crate::{
    clock::VirtualClock,
    log::Log,
    model::{Channel, LogEvent, Message},
    store::{Store, StoreError},
};

/// What sends messages to users. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Delivery {
    inbox: Inbox,
    clock: VirtualClock,
    random: Arc<dyn Random>,
    log: Log,
}

/// A message to a user.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// By which way.
    pub channel: Channel,
    /// Phone number (E.164), e-mail address, or the id of the push enrolment.
    pub to: String,
    /// What for.
    pub purpose: Purpose,
    /// Whom it is for.
    pub user_id: Option<String>,
    /// The code in it, if any.
    pub code: Option<SecretString>,
    /// The subject of an e-mail; the other channels have none.
    pub subject: Option<String>,
    /// The text; for a push, the payload as JSON.
    pub body: String,
}

/// What a message is for: it decides how the tenant log speaks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Something about the user's account: an address to verify, a password to reset, an invitation to enrol.
    Account,
    /// A second factor: enrolment or challenge.
    SecondFactor,
}

/// A message could not be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The mail server or the gateway did not take the message (`bad_gateway` on the wire); it is in the inbox all the same.
    #[error("{to} could not be sent a message by {channel}", channel = channel.as_str())]
    Gateway {
        /// By which way.
        channel: Channel,
        /// To whom.
        to: String,
        /// What was answered.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Delivery {
    /// What delivers into the inbox of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: VirtualClock, random: Arc<dyn Random>, log: Log) -> Self {
        Self { inbox: Inbox::new(store), clock, random, log }
    }

    /// Sends a message, and writes `gd_send_…` (for a second factor) into the tenant log.
    ///
    /// # Errors
    /// [`DeliveryError::Gateway`] where it went no further than the inbox; [`DeliveryError::Store`] where not even there.
    pub async fn send(&self, outgoing: Outgoing) -> Result<(), DeliveryError> {
        let now = self.clock.now();
        self.inbox
            .deliver(&Message {
                id: format!("msg_{}", stepup_seal::base62(&*self.random, 16)),
                channel: outgoing.channel,
                to: outgoing.to,
                code: outgoing.code.as_ref().map(|code| code.expose_secret().to_owned()),
                body: outgoing.body,
                user_id: outgoing.user_id.clone(),
                created_at: now,
            })
            .await?;
        if outgoing.purpose == Purpose::SecondFactor {
            let event = LogEvent { user_id: outgoing.user_id, ..LogEvent::new(sent(outgoing.channel), now) };
            self.log.record(event).await;
        }
        Ok(())
    }

    /// What was sent.
    #[must_use]
    pub const fn inbox(&self) -> &Inbox {
        &self.inbox
    }
}

/// The log's type code of a message for a second factor.
const fn sent(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "gd_send_email",
        Channel::Push => "gd_send_pn",
        Channel::Sms => "gd_send_sms",
        Channel::Voice => "gd_send_voice",
    }
}
