//! What happened, and what was sent.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepup_protocol::time::UnixTime;

/// An event of the tenant log.
///
/// ```
/// use stepup_protocol::time::UnixTime;
/// use stepup_tenant::model::LogEvent;
///
/// let now = UnixTime::from_seconds(1_767_225_600);
/// let event = LogEvent { user_id: Some("auth0|ada".to_owned()), ..LogEvent::new("fp", now) };
/// assert_eq!(event.kind, "fp");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogEvent {
    /// `log_id`: sorts in the order of writing. The store gives it.
    #[serde(skip)]
    pub id: String,
    /// When.
    pub date: UnixTime,
    /// The type code: `s`, `fp`, `seotpft`, `mfar`, `gd_auth_failed`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// What to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The client that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Their name, or what was typed in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The connection involved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The API asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// What was asked for or granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Where the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// What the request called itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The request that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The transaction that it belongs to: shared by every event of one login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

impl LogEvent {
    /// An event of this type, with nothing else said about it.
    #[must_use]
    pub fn new(kind: &str, date: UnixTime) -> Self {
        Self { kind: kind.to_owned(), date, ..Self::default() }
    }
}

/// A message that the tenant would have sent, in the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// By which way.
    pub channel: Channel,
    /// Phone number or e-mail address.
    pub to: String,
    /// The code in it, if any.
    pub code: Option<String>,
    /// The text.
    pub body: String,
    /// Whom it is for.
    pub user_id: Option<String>,
    /// When.
    pub created_at: UnixTime,
    /// Why the mail server or the gateway has not taken it (yet), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undelivered: Option<String>,
}

/// A way to reach a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// E-mail.
    Email,
    /// Push notification.
    Push,
    /// Text message.
    Sms,
    /// Voice call.
    Voice,
}

impl Channel {
    /// Its word in the control API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Push => "push",
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }

    /// The channel that `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Email, Self::Push, Self::Sms, Self::Voice].into_iter().find(|channel| channel.as_str() == word)
    }
}
