//! One login as a sequence: who called what, when, with which answer. Pure: a trace in, arrows out.

use std::collections::BTreeMap;

use crate::{
    model::{LogEvent, Step, Trace},
    server::recorder::Exchange,
};

use super::{
    frame::Moment,
    mask::{self, Secrets},
    words::{self, Tone},
};

/// Who takes part, from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Browser,
    Application,
    Device,
}

impl Lane {
    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Browser => "The browser",
            Self::Application => "The application",
            Self::Device => "The device",
        }
    }
}

/// One thing in the sequence.
#[derive(Debug, PartialEq)]
pub(super) enum Item {
    /// Somebody calls the tenant.
    Call { from: Lane, at: Moment, label: String, detail: Detail },
    /// The tenant answers.
    Answer { to: Lane, label: String, failed: bool, detail: Detail },
    /// The tenant sends something.
    Message { label: String, text: String },
    /// Something happens inside.
    Note { tone: Tone, label: String, text: String, json: String },
}

/// What opens beside an arrow: titled texts.
pub(super) type Detail = Vec<(&'static str, String)>;

/// The sequence of `trace`; what `exchanges` know of a request is shown with it.
pub(super) fn draw(trace: &Trace, exchanges: &[Exchange], secrets: Secrets) -> Vec<Item> {
    let by_id: BTreeMap<&str, &Exchange> =
        exchanges.iter().map(|exchange| (exchange.request_id.as_str(), exchange)).collect();
    let mut items = Vec::new();
    let mut told = vec![false; trace.events.len()];
    for step in &trace.steps {
        let exchange = by_id.get(step.request_id.as_str()).copied();
        let lane = caller(&step.path);
        items.push(Item::Call {
            from: lane,
            at: step.date.into(),
            label: call(step),
            detail: request(step, exchange, secrets),
        });
        for (event, told) in trace.events.iter().zip(&mut told) {
            if event.request_id.as_deref() == Some(&step.request_id) {
                *told = true;
                items.push(happened(event));
            }
        }
        items.push(Item::Answer {
            to: lane,
            label: answer(step),
            failed: step.status >= 400 || step.error.is_some(),
            detail: exchange.map(|exchange| response(exchange, secrets)).unwrap_or_default(),
        });
    }
    let others = trace.events.iter().zip(told).filter(|(_, told)| !told);
    items.extend(others.map(|(event, _)| happened(event)));
    items
}

/// Who calls this endpoint.
pub(super) fn caller(path: &str) -> Lane {
    const OF_BROWSERS: &[&str] =
        &["/authorize", "/u/", "/continue", "/v2/logout", "/oidc/logout", "/mfa/enrollment"];
    const OF_DEVICES: &[&str] =
        &["/appliance-mfa", "/api/enroll", "/api/resolve", "/api/device", "/rich-consents"];
    if OF_BROWSERS.iter().any(|prefix| path.starts_with(prefix)) {
        Lane::Browser
    } else if OF_DEVICES.iter().any(|prefix| path.starts_with(prefix)) {
        Lane::Device
    } else {
        Lane::Application
    }
}

fn call(step: &Step) -> String {
    let about = ["grant_type", "authenticator_types", "challenge_type", "prompt"]
        .into_iter()
        .find_map(|name| step.parameters.get(name))
        .map(|value| value.rsplit('/').next().unwrap_or(value).to_owned());
    match about {
        Some(about) => format!("{} {} ({about})", step.method, step.path),
        None => format!("{} {}", step.method, step.path),
    }
}

fn answer(step: &Step) -> String {
    let status = step.status;
    match (&step.error, &step.location) {
        (Some(error), _) => format!("{status} {error}"),
        (None, Some(location)) => format!("{status} → {location}"),
        (None, None) => status.to_string(),
    }
}

fn request(step: &Step, exchange: Option<&Exchange>, secrets: Secrets) -> Detail {
    let time = format!("{:.1} ms in the tenant", step.duration_us as f64 / 1000.0);
    let Some(exchange) = exchange else {
        let parameters = step.parameters.iter().map(|(name, value)| format!("{name}={value}"));
        return vec![("Parameters", parameters.collect::<Vec<_>>().join("\n")), ("Time", time)];
    };
    let content_type = exchange.headers.get("content-type").map_or("", String::as_str);
    vec![
        ("Address", format!("{} {}", exchange.method, mask::address(&exchange.path, secrets))),
        ("Headers", mask::headers(&exchange.headers, secrets)),
        ("Body", mask::body(content_type, &exchange.body, secrets)),
        ("Time", time),
    ]
}

fn response(exchange: &Exchange, secrets: Secrets) -> Detail {
    let headers = &exchange.response.headers;
    let mut shown = headers.clone();
    if let Some(location) = shown.get_mut("location") {
        *location = mask::address(location, secrets);
    }
    let content_type = headers.get("content-type").map_or("", String::as_str);
    vec![
        ("Headers", mask::headers(&shown, secrets)),
        ("Body", mask::body(content_type, &exchange.response.body, secrets)),
    ]
}

fn happened(event: &LogEvent) -> Item {
    let (words, tone) = words::of(&event.kind);
    let text = event.description.clone().unwrap_or_default();
    if event.kind.starts_with("gd_send_") || event.kind == "svr" {
        return Item::Message { label: words.to_owned(), text };
    }
    let json = serde_json::to_string_pretty(&crate::log::to_json(event)).unwrap_or_default();
    Item::Note { tone, label: words.to_owned(), text, json }
}

impl Item {
    /// The class of the column or columns that it takes.
    pub(super) fn place(&self) -> &'static str {
        match self {
            Self::Call { from: lane, .. } | Self::Answer { to: lane, .. } => match lane {
                Lane::Browser => "browser",
                Lane::Application => "application",
                Lane::Device => "device",
            },
            Self::Message { .. } => "device",
            Self::Note { .. } => "note",
        }
    }

    /// Whether its arrow points to the right.
    pub(super) fn to_the_right(&self) -> bool {
        match self {
            Self::Call { from, .. } => *from != Lane::Device,
            Self::Answer { to, .. } => *to == Lane::Device,
            Self::Message { .. } | Self::Note { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use stepup_protocol::time::UnixTime;

    use super::*;

    fn step(request_id: &str, method: &str, path: &str, status: u16) -> Step {
        Step {
            transaction_id: "txn_1".to_owned(),
            request_id: request_id.to_owned(),
            date: UnixTime::from_seconds(0),
            method: method.to_owned(),
            path: path.to_owned(),
            parameters: BTreeMap::new(),
            status,
            error: None,
            location: None,
            duration_us: 1_500,
        }
    }

    #[test]
    fn events_stand_between_the_request_that_caused_them_and_its_answer() {
        let refused = Step {
            error: Some("mfa_required".to_owned()),
            parameters: BTreeMap::from([("grant_type".to_owned(), "refresh_token".to_owned())]),
            ..step("r1", "POST", "/oauth/token", 403)
        };
        let date = UnixTime::from_seconds(7);
        let sent = Step { date, ..step("r2", "POST", "/mfa/challenge", 200) };
        let event = |request: &str, kind: &str| LogEvent {
            request_id: Some(request.to_owned()),
            ..LogEvent::new(kind, UnixTime::from_seconds(0))
        };
        let trace = Trace {
            steps: vec![refused, sent],
            events: vec![event("r2", "gd_send_sms"), event("r1", "mfar"), event("r2", "svr")],
        };
        let drawn: Vec<_> = draw(&trace, &[], Secrets::Covered)
            .iter()
            .map(|item| match item {
                Item::Call { at, label, .. } => format!("{} call {label}", at.of_day),
                Item::Answer { label, failed, .. } => format!("answer {label} {failed}"),
                Item::Message { label, .. } => format!("message {label}"),
                Item::Note { label, .. } => format!("note {label}"),
            })
            .collect();
        assert_eq!(
            drawn,
            [
                "00:00:00 call POST /oauth/token (refresh_token)",
                "note Second factor required",
                "answer 403 mfa_required true",
                "00:00:07 call POST /mfa/challenge",
                "message SMS code sent",
                "message Verification email sent",
                "answer 200 false",
            ]
        );
    }

    #[test]
    fn everybody_has_a_lane() {
        for (path, lane) in [
            ("/authorize", Lane::Browser),
            ("/u/login", Lane::Browser),
            ("/oauth/token", Lane::Application),
            ("/mfa/challenge", Lane::Application),
            ("/mfa/enrollment", Lane::Browser),
            ("/appliance-mfa/api/enroll", Lane::Device),
        ] {
            assert_eq!(caller(path), lane, "{path}");
        }
    }
}
