//! Failures on request: how an application behaves when its tenant does not.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::{Deserialize, Serialize};

/// What the next exchanges on a path do instead of succeeding.
///
/// ```
/// use stepup_tenant::Fault;
///
/// let fault = Fault { status: Some(503), times: 2, ..Fault::on("POST", "/oauth/token") };
/// assert_eq!(fault.times, 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The path, exactly, without the query; `*` is every path.
    pub path: String,
    /// The method; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// How many exchanges; default 1.
    #[serde(default = "once")]
    pub times: u32,
    /// Answers with this status, 100 to 599.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Answers with this body, as JSON if it is an object or array, else as text; status 200 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<serde_json::Value>,
    /// Says in how many seconds to try again (`Retry-After`), beside a status or a body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// Waits so many milliseconds first; alone, the exchange then goes on as always.
    #[serde(default)]
    pub delay_ms: u64,
    /// Closes the connection without an answer.
    #[serde(default)]
    pub drop: bool,
}

impl Fault {
    /// One exchange by this method on this path, which as yet succeeds.
    #[must_use]
    pub fn on(method: &str, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            method: Some(method.to_owned()),
            times: 1,
            status: None,
            body: None,
            retry_after: None,
            delay_ms: 0,
            drop: false,
        }
    }

    /// The answer that it gives in place of the tenant's.
    pub(crate) fn answer(&self) -> Option<Response<Full<Bytes>>> {
        if self.status.is_none() && self.body.is_none() {
            return None;
        }
        let status =
            self.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
        let (kind, body) = match &self.body {
            None => ("application/json", serde_json::json!({ "error": "server_error" }).to_string()),
            Some(serde_json::Value::String(text)) => ("text/plain; charset=utf-8", text.clone()),
            Some(json) => ("application/json", json.to_string()),
        };
        let mut answer = Response::new(Full::new(body.into()));
        *answer.status_mut() = status;
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        Some(answer)
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        (self.path == "*" || self.path == path)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
    }
}

const fn once() -> u32 {
    1
}

/// The faults that are still to come, in the order they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.pending().push(fault);
    }

    pub(crate) fn clear(&self) {
        self.pending().clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending().is_empty()
    }

    /// The fault for an exchange, counted off.
    pub(crate) fn take(&self, method: &str, path: &str) -> Option<Fault> {
        let mut pending = self.pending();
        let position = pending.iter().position(|fault| fault.fits(method, path))?;
        let fault = pending.get_mut(position)?;
        fault.times = fault.times.saturating_sub(1);
        Some(if fault.times == 0 { pending.remove(position) } else { fault.clone() })
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
