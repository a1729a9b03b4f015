//! Sending a code, within limits.

use secrecy::ExposeSecret as _;
use stepup_protocol::mfa::OobChannel;

use super::{super::Transaction, code::BindingCode, message};
use crate::{
    config::TenantConfig,
    delivery::{Outgoing, Purpose},
    model::{BucketKind, BucketRule, Channel, Empty},
    oauth::error::{Failure, Limit},
};

/// How often something may be sent to a user over a channel.
pub(in crate::factors) struct SendLimit {
    bucket: BucketKind,
    rule: Option<BucketRule>,
    limit: Limit,
    event: &'static str,
}

impl SendLimit {
    /// The limit of a channel.
    pub(in crate::factors) fn of(config: &TenantConfig, channel: OobChannel) -> Self {
        let limits = &config.mfa.limits;
        let (bucket, rule, limit, event) = match channel {
            OobChannel::Auth0 => {
                (BucketKind::PushSend, limits.push_sends, Limit::Pushes, "gd_send_pn_failure")
            }
            OobChannel::Email => {
                (BucketKind::EmailSend, limits.email_sends, Limit::Emails, "gd_send_email_failure")
            }
            OobChannel::Voice => {
                (BucketKind::PhoneSend, limits.phone_sends, Limit::Texts, "gd_send_voice_failure")
            }
            _ => (BucketKind::PhoneSend, limits.phone_sends, Limit::Texts, "gd_send_sms_failure"),
        };
        Self { bucket, rule, limit, event }
    }

    /// How it is counted; none: it is not.
    pub(in crate::factors) fn counted(&self) -> Option<(BucketKind, BucketRule)> {
        self.rule.map(|rule| (self.bucket, rule))
    }

    /// What to say when it is reached.
    pub(in crate::factors) async fn exceeded(self, transaction: &Transaction<'_>, empty: Empty) -> Failure {
        transaction.log(self.event, self.limit.to_string()).await;
        self.limit.reached(empty).into()
    }
}

/// Sends `code` to `to`.
pub(super) async fn send(
    transaction: &Transaction<'_>,
    channel: OobChannel,
    to: &str,
    code: &BindingCode,
    enrolls: bool,
) -> Result<(), Failure> {
    let shared = transaction.shared;
    let templates = &shared.config.mfa.templates;
    let template = if enrolls { &templates.enrollment } else { &templates.verification };
    let digits = code.secret().expose_secret();
    let (by, words) = match channel {
        OobChannel::Email => (Channel::Email, digits.to_owned()),
        OobChannel::Voice => (Channel::Voice, message::spoken(digits)),
        _ => (Channel::Sms, digits.to_owned()),
    };
    let tenant = &shared.config.friendly_name;
    let outgoing = Outgoing {
        channel: by,
        to: to.to_owned(),
        purpose: Purpose::SecondFactor,
        user_id: Some(transaction.user.user_id.clone()),
        code: Some(code.secret().clone()),
        subject: (by == Channel::Email).then(|| format!("Your code for {tenant}")),
        body: message::render(template, &words, tenant),
    };
    transaction.send(outgoing).await
}
