//! `POST mfa/push`: waiting for a push to be answered.
//!
//! The tenant can only be asked by handing in the proof, so whoever asks when the user has approved gets the tokens. Both ways
//! of waiting bring them into the session:
//!
//! - The **long poll** answers as `mfa/verify` does, cookies included, or after [`LONG_POLL`] with `authorization_pending`: then
//!   ask again.
//! - The **event stream** cannot set a cookie once its headers are out. It only tells what became of the push; the outcome of an
//!   approval stays in this process, for the same login and proof alone, until `mfa/verify` with the `oob_code` takes it. A fleet
//!   must lead both requests to the same process; where it does not, use the long poll.
//!
//! A browser that goes away in the middle loses nothing: a question that is on its way is asked to its end, and an approval
//! is found by the next request for the same push, or with the session's old refresh token.

use std::{ops::ControlFlow, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use serde_json::json;
use stepup_protocol::error::{code, description};

use super::{answer, body, refused, success};
use crate::{
    client::Client,
    mfa::{MfaToken, OutOfBand, Pace, PushOutcome, PushWait, Turn, Verify, VerifyError},
    session::{Session, SessionState},
    web::body::{Body, Event},
    wire_error::WireError as _,
};

/// How long a long poll is held: shorter than proxies and browsers cut an idle request off.
const LONG_POLL: Duration = Duration::from_secs(25);

/// Waits, in the way that the request accepts.
pub(in crate::web) async fn answer(
    client: &Client,
    request: &Request<Bytes>,
    state: &mut SessionState,
) -> Response<Body> {
    let (token, push) = match body::push(request.body()) {
        Ok(read) => read,
        Err(error) => return refused(&error).map(Body::from),
    };
    if accepts_events(request.headers()) {
        return watch(client, token, push, state.session().cloned());
    }
    long_poll(client, &token, push, state).await.map(Body::from)
}

async fn long_poll(
    client: &Client,
    token: &MfaToken,
    push: OutOfBand,
    state: &mut SessionState,
) -> Response<Bytes> {
    state.write_changes_only();
    let proof = Verify::from(push);
    let (mfa, wait) = (client.mfa(), PushWait::default().timeout(LONG_POLL));
    let mut pace = Pace::new(&mfa.of(state.session()), token, proof.clone(), wait);
    loop {
        let error = match pace.turn(&mfa).await {
            Turn::Ask => match mfa.verify_idempotent(state, token, proof.clone()).await {
                Ok(done) => return success(&done),
                Err(error) => error,
            },
            Turn::Told(error) => error,
            Turn::GiveUp => return still_pending(&pace),
        };
        if pace.after(&error).is_break() {
            return refused(&error);
        }
    }
}

/// Whoever asks again does it at the pace that the tenant wishes, or can bear.
fn still_pending(pace: &Pace) -> Response<Bytes> {
    let (code, description) = (code::AUTHORIZATION_PENDING, description::AUTHORIZATION_PENDING);
    let wait = pace.is_slowed().then(|| pace.interval());
    answer::wait(wait, answer::error(StatusCode::BAD_REQUEST, code, description))
}

/// The stream of what becomes of the push. Its last event is one of `approved`, `denied`, `expired` and `error`.
fn watch(client: &Client, token: MfaToken, push: OutOfBand, session: Option<Session>) -> Response<Body> {
    let proof = Verify::from(push);
    let pace = Pace::new(&client.mfa().of(session.as_ref()), &token, proof.clone(), PushWait::default());
    let watching = Watching { client: client.clone(), token, proof, session, pace };
    let events = stream::unfold(Some(watching), |watching| async { Some(watching?.next().await) });
    let mut response = Response::new(Body::events(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // nginx would gather the events otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

struct Watching {
    client: Client,
    token: MfaToken,
    proof: Verify,
    session: Option<Session>,
    pace: Pace,
}

impl Watching {
    /// The next event, and the rest if it is not the last.
    async fn next(mut self) -> (Event, Option<Self>) {
        let mfa = self.client.mfa().of(self.session.as_ref());
        let error = match self.pace.turn(&mfa).await {
            Turn::Ask => match mfa.watch(&self.token, self.proof.clone()).await {
                Ok(()) => return (Event::new("approved", json!({})), None),
                Err(error) => error,
            },
            Turn::Told(error) => error,
            Turn::GiveUp => return (Event::new("expired", json!({})), None),
        };
        match self.pace.after(&error) {
            ControlFlow::Break(Some(PushOutcome::Denied)) => (Event::new("denied", json!({})), None),
            ControlFlow::Break(Some(PushOutcome::Expired)) => (Event::new("expired", json!({})), None),
            ControlFlow::Break(_) => (Event::new("error", error.to_json()), None),
            ControlFlow::Continue(()) => {
                let slower = matches!(&error, VerifyError::Pending(refusal) if refusal.is_slow_down());
                let name = if slower { "slow_down" } else { "pending" };
                let event = Event::new(name, json!({ "interval": self.pace.interval().as_secs() }));
                (event, Some(self))
            }
        }
    }
}

/// RFC 9110 section 12.5.1, as far as it matters here: whether events are named.
fn accepts_events(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| range.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("text/event-stream"))
}
