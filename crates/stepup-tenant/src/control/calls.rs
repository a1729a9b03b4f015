//! The calls of the control API, one function a call.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use stepup_protocol::time::UnixTime;

use super::{Answer, Control, Refused};
use crate::{
    config::ChangeError,
    devices::{self, Decision},
    log::{self, rfc3339},
    model::{Channel, Message},
    server::faults::Fault,
};

type Called = Result<Answer, Refused>;

impl Control {
    pub(super) async fn call(&self, request: &Request<Bytes>) -> Called {
        let path = request.uri().path().trim_start_matches("/_control").trim_matches('/');
        let path: Vec<_> = path.split('/').collect();
        let query = Query::of(request);
        let body = request.body();
        match (request.method(), path.as_slice()) {
            (&Method::GET, ["messages"]) => self.messages(&query).await,
            (&Method::GET, ["clock"]) => Ok(self.clock()),
            (&Method::POST, ["clock"]) => self.move_clock(&parse(body)?),
            (&Method::GET, ["devices"]) => Ok(self.devices()),
            (&Method::POST, ["devices"]) => self.scan(&parse(body)?).await,
            (&Method::GET, ["devices", id, "code"]) => self.device_code(id),
            (&Method::GET, ["push"]) => self.pushes(&query).await,
            (&Method::POST, ["push", id]) => self.answer_push(id, &parse(body)?).await,
            (&Method::GET, ["log"]) => self.log(&query).await,
            (&Method::GET, ["requests"]) => self.requests(&query).await,
            (&Method::DELETE, ["requests"]) => {
                self.state.recorder.clear();
                Ok(Answer::Empty)
            }
            (&Method::POST, ["faults"]) => self.add_fault(parse(body)?),
            (&Method::DELETE, ["faults"]) => {
                self.faults.clear();
                Ok(Answer::Empty)
            }
            (&Method::GET, ["risk"]) => self.signals().await,
            (&Method::POST, ["risk"]) => self.add_signal(&parse(body)?).await,
            (&Method::DELETE, ["risk"]) => self.clear_signals().await,
            (&Method::POST, ["reload"]) => self.reload().await,
            (&Method::POST, ["reset"]) => self.reset().await,
            (&Method::POST, ["shutdown"]) => {
                self.stop.send_replace(true);
                Ok(Answer::Empty)
            }
            (method, _) => {
                Err(Refused::not_found(format!("There is no call {method} {}.", request.uri().path())))
            }
        }
    }

    async fn reload(&self) -> Called {
        match self.state.configuration.reload().await {
            Ok(changes) => Ok(Answer::Json(json!({ "changes": changes }))),
            Err(error @ ChangeError::Store(_)) => Err(error.into()),
            Err(error) => Err(Refused::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_configuration",
                error.to_string(),
            )),
        }
    }

    async fn messages(&self, query: &Query) -> Called {
        let channel = match query.get("channel") {
            None => None,
            Some(word) => Some(
                Channel::parse(word)
                    .ok_or_else(|| Refused::bad("`channel` must be sms, voice, email or push."))?,
            ),
        };
        let inbox = self.state.delivery.inbox();
        let messages = match query.wait()? {
            None => inbox.read(query.get("to"), channel).await?,
            Some(wait) => inbox.read_next(query.get("to"), channel, wait).await?,
        };
        Ok(Answer::Json(messages.iter().map(message).collect()))
    }

    fn clock(&self) -> Answer {
        let now = self.state.clock.now();
        Answer::Json(json!({ "now": rfc3339(now), "unix": now.seconds() }))
    }

    fn move_clock(&self, wanted: &ClockMove) -> Called {
        let clock = &self.state.clock;
        match wanted {
            ClockMove { advance_seconds: Some(seconds), set: None, reset: false } => {
                let there = i64::try_from(*seconds).ok().and_then(|it| clock.now().seconds().checked_add(it));
                if !there.is_some_and(writable) {
                    return Err(Refused::bad("`advance_seconds` leads past the year 9999."));
                }
                clock.advance(Duration::from_secs(*seconds));
            }
            ClockMove { advance_seconds: None, set: Some(time), reset: false } => {
                let time: Timestamp = time
                    .parse()
                    .map_err(|error| Refused::bad(format!("`set` is not an RFC 3339 time: {error}.")))?;
                if !writable(time.as_second()) {
                    return Err(Refused::bad("`set` is before the year 0."));
                }
                clock.set(UnixTime::from_seconds(time.as_second()));
            }
            ClockMove { advance_seconds: None, set: None, reset: true } => clock.reset(),
            _ => return Err(Refused::bad("Send exactly one of advance_seconds, set and reset.")),
        }
        Ok(self.clock())
    }

    fn devices(&self) -> Answer {
        Answer::Json(json!(self.state.devices.list()))
    }

    async fn scan(&self, scanned: &Scanned) -> Called {
        let scanned = self.state.devices.scan(&self.state, &scanned.barcode_uri).await;
        let scanned = scanned.map_err(Refused::by_device)?;
        Ok(Answer::Json(json!(scanned)))
    }

    fn device_code(&self, id: &str) -> Called {
        match self.state.devices.code(id, self.state.clock.now()) {
            Some(code) => Ok(Answer::Json(json!({ "code": code }))),
            None => Err(Refused::not_found(format!("There is no device `{id}`."))),
        }
    }

    async fn pushes(&self, query: &Query) -> Called {
        let mut pending = devices::pending(&self.state).await?;
        if let (Some(wait), true) = (query.wait()?, pending.is_empty()) {
            self.state.delivery.inbox().read_next(None, Some(Channel::Push), wait).await?;
            pending = devices::pending(&self.state).await?;
        }
        Ok(Answer::Json(json!(pending)))
    }

    async fn answer_push(&self, id: &str, Decided { decision }: &Decided) -> Called {
        self.state.devices.answer(&self.state, id, *decision).await.map_err(Refused::by_device)?;
        Ok(Answer::Json(json!({ "id": id, "decision": decision })))
    }

    async fn log(&self, query: &Query) -> Called {
        let events = match query.wait()? {
            None => self.state.log.read(query.get("type"), 1000).await?,
            Some(wait) => self.state.log.read_next(query.get("type"), wait).await?,
        };
        Ok(Answer::Json(events.iter().map(log::to_json).collect()))
    }

    async fn requests(&self, query: &Query) -> Called {
        if let Some(wait) = query.wait()? {
            self.state.recorder.wait(wait).await;
        }
        Ok(Answer::Json(json!(self.state.recorder.exchanges())))
    }

    fn add_fault(&self, fault: Fault) -> Called {
        if fault.times == 0 {
            return Err(Refused::bad("`times` must be at least 1."));
        }
        if fault.status.is_some_and(|status| !(200..600).contains(&status)) {
            return Err(Refused::bad("`status` must be from 200 to 599."));
        }
        if fault.status.is_none() && fault.body.is_none() && fault.delay_ms == 0 && !fault.drop {
            return Err(Refused::bad("Send one of status, body, delay_ms and drop."));
        }
        if fault.retry_after.is_some() && fault.status.is_none() && fault.body.is_none() {
            return Err(Refused::bad("`retry_after` goes with a status or a body."));
        }
        self.faults.add(fault);
        Ok(Answer::Empty)
    }

    async fn reset(&self) -> Called {
        self.seed.reset(&self.state).await?;
        self.faults.clear();
        self.state.devices.clear();
        self.state.recorder.clear();
        Ok(Answer::Empty)
    }
}

/// Whether RFC 3339 can write a time: its years have four digits.
fn writable(seconds: i64) -> bool {
    const YEAR_0: i64 = -62_167_219_200;
    seconds >= YEAR_0 && Timestamp::from_second(seconds).is_ok()
}

fn message(message: &Message) -> Value {
    let mut told = json!({
        "id": message.id,
        "channel": message.channel,
        "to": message.to,
        "code": message.code,
        "body": message.body,
        "user_id": message.user_id,
        "created_at": rfc3339(message.created_at),
    });
    if let Some(reason) = &message.undelivered {
        told["undelivered"] = json!(reason);
    }
    told
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    advance_seconds: Option<u64>,
    set: Option<String>,
    #[serde(default)]
    reset: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    decision: Decision,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scanned {
    barcode_uri: String,
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refused> {
    serde_json::from_slice(body)
        .map_err(|error| Refused::bad(format!("The body is not what this call takes: {error}.")))
}

struct Query(BTreeMap<String, String>);

impl Query {
    fn of(request: &Request<Bytes>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// How long to wait; none: not at all.
    fn wait(&self) -> Result<Option<Duration>, Refused> {
        let Some(wait) = self.get("wait") else { return Ok(None) };
        let seconds: f64 = wait.parse().map_err(|_| Refused::bad("`wait` must be a number of seconds."))?;
        let wait = Duration::try_from_secs_f64(seconds)
            .map_err(|_| Refused::bad("`wait` must be a number of seconds."))?;
        Ok(Some(wait.min(LONGEST_WAIT)))
    }
}

const LONGEST_WAIT: Duration = Duration::from_secs(300);
