//! How messages reach users: always by the inbox, which tests and developers read, and from there by SMTP and by a signed
//! webhook where they are set.

mod inbox;
pub(crate) mod settings;
mod smtp;
pub mod webhook;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use stepup_seal::Random;

use self::smtp::{Mail, Smtp};
pub use self::{
    inbox::Inbox,
    settings::{DeliverySettings, PhoneWebhook, SmtpSecurity, SmtpSettings},
};
use crate::{
    clock::VirtualClock,
    log::Log,
    model::{Channel, LogEvent, Message},
    outbound,
    state::Issuer,
    store::{Store, StoreError},
};

/// What sends messages to users. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Delivery {
    inbox: Inbox,
    clock: VirtualClock,
    random: Arc<dyn Random>,
    log: Log,
    gateways: Gateways,
}

/// What takes messages beyond the inbox.
#[derive(Clone, Debug, Default)]
struct Gateways {
    smtp: Option<Smtp>,
    phone: Option<Phone>,
}

/// The webhook for text messages and voice calls.
#[derive(Clone, Debug)]
struct Phone {
    webhook: PhoneWebhook,
    outbound: outbound::Client,
    tenant: String,
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
    /// What delivers into the inbox of `store`, and nowhere else.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: VirtualClock, random: Arc<dyn Random>, log: Log) -> Self {
        Self { inbox: Inbox::new(store), clock, random, log, gateways: Gateways::default() }
    }

    /// The same inbox, and beyond it what `settings` say; `outbound` may call the hosts that they name.
    #[must_use]
    pub fn beyond(self, settings: &DeliverySettings, outbound: &outbound::Client, issuer: &Issuer) -> Self {
        let webhook = settings.phone_webhook.as_ref().and_then(|webhook| webhook.url.host_str());
        outbound.name_hosts(settings.outbound_hosts.iter().cloned().chain(webhook.map(str::to_owned)));
        let phone = settings.phone_webhook.as_ref().map(|webhook| Phone {
            webhook: webhook.clone(),
            outbound: outbound.clone(),
            tenant: issuer.as_str().to_owned(),
        });
        Self { gateways: Gateways { smtp: settings.smtp.clone().map(Smtp::new), phone }, ..self }
    }

    /// Sends a message, and writes `gd_send_…` (for a second factor) into the tenant log.
    ///
    /// An e-mail has been taken by the mail server when this returns. A text message or a voice call is owed to its
    /// webhook then, and will be made at least once; the log says when it was taken. As long as nobody has taken it, the
    /// inbox says why.
    ///
    /// # Errors
    /// [`DeliveryError::Gateway`] where it went no further than the inbox; [`DeliveryError::Store`] where not even there.
    pub async fn send(&self, outgoing: Outgoing) -> Result<(), DeliveryError> {
        let about = LogEvent { user_id: outgoing.user_id.clone(), ..LogEvent::default() };
        self.send_within(outgoing, about).await
    }

    /// The same within a request, of which the log says what `about` says.
    ///
    /// # Errors
    /// As [`Delivery::send`].
    pub(crate) async fn send_within(&self, outgoing: Outgoing, about: LogEvent) -> Result<(), DeliveryError> {
        let now = self.clock.now();
        let id = format!("msg_{}", stepup_seal::base62(&*self.random, 16));
        self.inbox
            .deliver(&Message {
                id: id.clone(),
                channel: outgoing.channel,
                to: outgoing.to.clone(),
                code: outgoing.code.as_ref().map(|code| code.expose_secret().to_owned()),
                body: outgoing.body.clone(),
                user_id: outgoing.user_id.clone(),
                created_at: now,
                undelivered: None,
            })
            .await?;
        let event = |kind: &str| LogEvent { kind: kind.to_owned(), date: now, ..about.clone() };
        let sent = (outgoing.purpose == Purpose::SecondFactor).then(|| event(sent(outgoing.channel)));
        let failed = event(failed(outgoing.channel, outgoing.purpose));
        let gateway = |source: Box<dyn std::error::Error + Send + Sync>| DeliveryError::Gateway {
            channel: outgoing.channel,
            to: outgoing.to.clone(),
            source,
        };
        match (outgoing.channel, &self.gateways) {
            (Channel::Email, Gateways { smtp: Some(smtp), .. }) => {
                let mail = Mail {
                    id: &id,
                    to: &outgoing.to,
                    subject: outgoing.subject.as_deref().unwrap_or("Your verification code"),
                    body: &outgoing.body,
                    sent_at: now,
                };
                if let Err(error) = smtp.send(&mail).await {
                    let reason = outbound::chain(&*error);
                    self.inbox.mark(&id, &reason).await?;
                    tracing::warn!(id, reason, "a message was not taken");
                    self.log.record(LogEvent { description: Some(reason), ..failed }).await;
                    return Err(gateway(error));
                }
            }
            (Channel::Sms | Channel::Voice, Gateways { phone: Some(phone), .. }) => {
                let call = webhook::call(&phone.webhook, &id, &outgoing, &phone.tenant, now, (sent, failed))
                    .map_err(|error| gateway(error.into()))?;
                return Ok(phone.outbound.enqueue(&call).await?);
            }
            _ => {}
        }
        if let Some(event) = sent {
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

/// The log's type code of a message that nobody took.
const fn failed(channel: Channel, purpose: Purpose) -> &'static str {
    match (purpose, channel) {
        (Purpose::Account, _) => "fn",
        (Purpose::SecondFactor, Channel::Email) => "gd_send_email_failure",
        (Purpose::SecondFactor, Channel::Push) => "gd_send_pn_failure",
        (Purpose::SecondFactor, Channel::Sms) => "gd_send_sms_failure",
        (Purpose::SecondFactor, Channel::Voice) => "gd_send_voice_failure",
    }
}
