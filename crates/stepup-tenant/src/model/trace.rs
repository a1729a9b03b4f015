//! One login as a sequence: who called what, when, with which answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stepup_protocol::time::UnixTime;

use super::LogEvent;

/// One request of a transaction, and its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The transaction.
    pub transaction_id: String,
    /// What tells it from all others: events that it caused carry it.
    pub request_id: String,
    /// When it came, by the tenant's clock.
    pub date: UnixTime,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What was asked for: parameters that say what a request is about, never a secret.
    pub parameters: BTreeMap<String, String>,
    /// The status of the answer.
    pub status: u16,
    /// The error code of the answer, from its body or its redirect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Where the answer leads: scheme, host and path, or the path alone where it stays here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The tenant's own time for it, in microseconds.
    pub duration_us: u64,
}

/// Everything that is known of one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Its requests, in the order of their answers.
    pub steps: Vec<Step>,
    /// Its log events, in the order of writing.
    pub events: Vec<LogEvent>,
}

/// A transaction in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceSummary {
    /// Its id.
    pub transaction_id: String,
    /// What says where the next page of a list begins.
    pub cursor: i64,
    /// Its first request.
    pub first: Step,
    /// Its last request so far.
    pub last: Step,
    /// How many there were.
    pub steps: u32,
}
