//! `/u/mfa-push-challenge-push`: a phone is asked, and the page moves on once it has answered.

use axum::response::Response;

use super::{REMEMBER_BROWSER, has_other_ways, offers_to_remember, pass};
use crate::{
    factors::{self, Challenged, Kind, Verdict, oob},
    login::{
        asked::{Asked, Way},
        path,
        sent::{Sent, send_problem},
        status::{self, Status},
        visit::{Lost, Visit},
    },
    model::Credential,
    pages::mfa_push_challenge_push::{State, View, render},
};

/// Says that the phone is asked, and asks it when the page is seen for the first time.
pub(in crate::login) async fn show(mut visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = Asked::of(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let Some(way) = asked.way(&visit, Some(Kind::Push)) else { return Ok(visit.go(path::RESUME)) };
    if visit.kept.sent(way.kind, way.authenticator).is_none() {
        let state = ask(&mut visit, &asked, way).await?;
        return Ok(page(&visit, &asked, way, state));
    }
    look(visit, &asked, way).await
}

/// Keeps the tick, and asks again, goes to the page for the code of its app, or looks whether there is an answer.
pub(in crate::login) async fn submit(mut visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = Asked::of(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let Some(way) = asked.way(&visit, Some(Kind::Push)) else { return Ok(visit.go(path::RESUME)) };
    let action = visit.params.text("action").map(str::to_owned);
    let ticked = match action.as_deref() {
        Some("remember-browser") => true,
        Some("forget-browser") => false,
        _ => visit.params.text(REMEMBER_BROWSER).is_some(),
    };
    if ticked != visit.kept.remember_browser {
        visit.kept.remember_browser = ticked;
        visit.save().await?;
    }
    match action.as_deref() {
        Some("enter-otp") => {
            if let Some(app) = asked.app_of_push(&visit) {
                visit.kept.choose(app);
                visit.save().await?;
                return Ok(visit.go(path::OTP_CHALLENGE));
            }
            look(visit, &asked, way).await
        }
        Some("remember-browser" | "forget-browser") => Ok(visit.go(path::PUSH_CHALLENGE)),
        Some("resend") => {
            let sent = visit.kept.sent(way.kind, way.authenticator);
            let too_soon = sent.filter(|sent| !sent.denied).and_then(|sent| sent.too_soon(&visit));
            let state = match too_soon {
                None => ask(&mut visit, &asked, way).await?,
                Some(too_soon) => State::Unsent(too_soon),
            };
            if state == State::Waiting {
                return Ok(visit.go(path::PUSH_CHALLENGE));
            }
            Ok(page(&visit, &asked, way, state))
        }
        _ => look(visit, &asked, way).await,
    }
}

/// How things stand, for the page's script.
pub(in crate::login) async fn status(visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = Asked::of(&visit).await? else { return Ok(status::answer(Status::Done)) };
    let Some(way) = asked.way(&visit, Some(Kind::Push)) else { return Ok(status::answer(Status::Done)) };
    let status = status::of(&visit, visit.kept.sent(way.kind, way.authenticator)).await?;
    Ok(status::answer(status))
}

/// Goes on if the phone said yes, else says how things stand.
async fn look(mut visit: Visit, asked: &Asked, way: Way<'_>) -> Result<Response, Lost> {
    let sent = visit.kept.sent(way.kind, way.authenticator).cloned();
    let state = match (status::of(&visit, sent.as_ref()).await?, sent) {
        (Status::Pending, _) | (_, None) => State::Waiting,
        (Status::Expired, _) => State::Expired,
        (Status::Denied, Some(sent)) if sent.denied => State::Denied,
        (Status::Denied | Status::Done, Some(mut sent)) => {
            let verdict = oob::answer(&asked.transaction(&visit), &sent.oob_code, None).await;
            match verdict.map_err(|failure| visit.failed(failure))? {
                Verdict::Passed(passed) => return pass(visit, asked, passed).await,
                Verdict::Denied => {
                    sent.denied = true;
                    visit.kept.keep_sent(sent);
                    visit.save().await?;
                    State::Denied
                }
                Verdict::Pending | Verdict::TooFast => State::Waiting,
                _ => State::Expired,
            }
        }
    };
    Ok(page(&visit, asked, way, state))
}

/// Asks the phone.
async fn ask(visit: &mut Visit, asked: &Asked, way: Way<'_>) -> Result<State, Lost> {
    match factors::challenge(&asked.transaction(visit), way.kind, way.authenticator).await {
        Ok(Challenged::Sent { oob_code, .. }) => {
            let now = visit.shared.clock.now();
            visit.kept.keep_sent(Sent::new(way.kind, way.authenticator, &oob_code, now));
            visit.save().await?;
            Ok(State::Waiting)
        }
        Ok(Challenged::AtHand) => Ok(State::Waiting),
        Err(failure) => send_problem(visit, failure).map(State::Unsent),
    }
}

fn page(visit: &Visit, asked: &Asked, way: Way<'_>, state: State) -> Response {
    let device = match &way.authenticator.credential {
        Credential::Push { device: Some(device), .. } => Some(device.name.as_str()),
        _ => None,
    };
    let view = View {
        frame: visit.frame(Some(&asked.user)),
        device: device.filter(|name| !name.is_empty()),
        state,
        resend_in: visit.kept.sent(way.kind, way.authenticator).map_or(0, |sent| sent.wait(visit)),
        may_enter_code: asked.app_of_push(visit).is_some(),
        may_remember_browser: offers_to_remember(visit),
        remembers_browser: visit.kept.remember_browser,
        has_other_ways: has_other_ways(visit, asked),
    };
    let unsent = match state {
        State::Unsent(problem) => Some(problem),
        State::Denied | State::Expired | State::Waiting => None,
    };
    visit.page(unsent, render(&view))
}
