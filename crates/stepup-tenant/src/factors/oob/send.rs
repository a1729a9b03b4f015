//! Sending a code, within limits.

use secrecy::ExposeSecret as _;
use stepup_protocol::mfa::OobChannel;

use super::{super::Transaction, code::BindingCode, message};
use crate::{
    delivery::{Outgoing, Purpose},
    model::{BucketKind, Channel},
    oauth::error::{Exhausted, Failure},
};

/// Takes one sending over `channel` out of the user's bucket.
///
/// # Errors
/// It is empty.
pub(crate) async fn limited(transaction: &Transaction<'_>, channel: OobChannel) -> Result<(), Failure> {
    let limits = &transaction.shared.config.mfa.limits;
    let (kind, rule, exhausted, event) = match channel {
        OobChannel::Email => {
            (BucketKind::EmailSend, limits.email_sends, Exhausted::Emails, "gd_send_email_failure")
        }
        OobChannel::Auth0 => {
            (BucketKind::PushSend, limits.push_sends, Exhausted::Pushes, "gd_send_pn_failure")
        }
        OobChannel::Voice => {
            (BucketKind::PhoneSend, limits.phone_sends, Exhausted::Texts, "gd_send_voice_failure")
        }
        _ => (BucketKind::PhoneSend, limits.phone_sends, Exhausted::Texts, "gd_send_sms_failure"),
    };
    if transaction.take(kind, rule).await? {
        return Ok(());
    }
    transaction.log(event, exhausted.to_string()).await;
    Err(exhausted.into())
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
    Ok(shared.delivery.send(outgoing).await?)
}
