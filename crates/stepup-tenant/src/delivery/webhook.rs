//! Text messages and voice calls by webhook.
//!
//! A `POST` with JSON, signed ([`crate::outbound::signature`]), made at least once ([`crate::outbound::Client::enqueue`]):
//!
//! ```json
//! {"id":"msg_AbCdEfGh12345678","recipient":"+12025550123","text":"Your code is 123456.","code":"123456",
//!  "message_type":"sms","purpose":"second_factor","user_id":"auth0|ada","tenant":"https://localhost:4400/",
//!  "created_at":"2026-01-01T00:00:00.000Z"}
//! ```
//!
//! Whoever has seen an `id` (also the header `Idempotency-Key`) has seen the message. A 2xx takes it; 408, 429, 5xx and
//! silence bring it again; any other answer refuses it for good.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Serialize;
use stepup_protocol::time::UnixTime;

use super::{Outgoing, PhoneWebhook, Purpose};
use crate::{
    log::rfc3339,
    model::{Call, LogEvent},
};

#[derive(Serialize)]
struct Payload<'a> {
    id: &'a str,
    recipient: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    message_type: &'a str,
    purpose: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    tenant: &'a str,
    created_at: String,
}

/// The call that hands a message over.
pub(super) fn call(
    webhook: &PhoneWebhook,
    id: &str,
    outgoing: &Outgoing,
    tenant: &str,
    now: UnixTime,
    log: (Option<LogEvent>, LogEvent),
) -> Result<Call, serde_json::Error> {
    let payload = Payload {
        id,
        recipient: &outgoing.to,
        text: &outgoing.body,
        code: outgoing.code.as_ref().map(ExposeSecret::expose_secret),
        message_type: outgoing.channel.as_str(),
        purpose: match outgoing.purpose {
            Purpose::Account => "account",
            Purpose::SecondFactor => "second_factor",
        },
        user_id: outgoing.user_id.as_deref(),
        tenant,
        created_at: rfc3339(now),
    };
    Ok(Call {
        id: id.to_owned(),
        url: webhook.url.to_string(),
        content_type: "application/json".to_owned(),
        body: serde_json::to_string(&payload)?.into(),
        secret: Some(webhook.secret.clone()),
        is_message: true,
        deadline: now + USE,
        succeeded: log.0,
        failed: Some(log.1),
    })
}

/// How long a message is of use: as long as the codes in messages are good.
const USE: Duration = Duration::from_secs(300);
