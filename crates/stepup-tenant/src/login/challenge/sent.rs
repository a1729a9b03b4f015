//! `/u/mfa-sms-challenge`, `/u/mfa-voice-challenge`, `/u/mfa-email-challenge`: a code that was sent, to an authenticator that
//! is there or to one that it confirms.

use axum::response::Response;
use http::StatusCode;

use super::{code, has_other_ways, offers_to_remember, pass, problem};
use crate::{
    factors::{self, Challenged, Kind, Verdict, oob},
    login::{
        asked::{Asked, Way},
        enroll, path,
        sent::{Sent, send_problem},
        visit::{Lost, Visit},
    },
    model::{Authenticator, Credential},
    pages::{
        mask,
        mfa_sent_code_challenge::{OtherWays, Problem, View, render},
        problem::{Channel, CodeProblem, SendProblem},
    },
};

/// By text message.
pub(in crate::login) async fn show_sms(visit: Visit) -> Result<Response, Lost> {
    show(visit, Kind::Sms).await
}

/// By text message.
pub(in crate::login) async fn submit_sms(visit: Visit) -> Result<Response, Lost> {
    submit(visit, Kind::Sms).await
}

/// In a call.
pub(in crate::login) async fn show_voice(visit: Visit) -> Result<Response, Lost> {
    show(visit, Kind::Voice).await
}

/// In a call.
pub(in crate::login) async fn submit_voice(visit: Visit) -> Result<Response, Lost> {
    submit(visit, Kind::Voice).await
}

/// By e-mail.
pub(in crate::login) async fn show_email(visit: Visit) -> Result<Response, Lost> {
    show(visit, Kind::Email).await
}

/// By e-mail.
pub(in crate::login) async fn submit_email(visit: Visit) -> Result<Response, Lost> {
    submit(visit, Kind::Email).await
}

/// Asks for the code; sends it when the page is seen for the first time, and not when it is loaded again.
async fn show(mut visit: Visit, kind: Kind) -> Result<Response, Lost> {
    let Some(asked) = Asked::of(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let Some(subject) = Subject::of(&visit, &asked, kind) else { return Ok(visit.go(path::RESUME)) };
    let way = subject.way();
    let found = match visit.kept.sent(way.kind, way.authenticator) {
        Some(sent) if sent.expired(&visit) => Some(Problem::Code(CodeProblem::Expired)),
        Some(_) => None,
        None => send(&mut visit, &asked, way).await?.map(Problem::Send),
    };
    Ok(page(&visit, &asked, subject, found))
}

/// Judges the code, or sends another.
async fn submit(mut visit: Visit, kind: Kind) -> Result<Response, Lost> {
    let Some(asked) = Asked::of(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let Some(subject) = Subject::of(&visit, &asked, kind) else { return Ok(visit.go(path::RESUME)) };
    let way = subject.way();
    if visit.params.text("action") == Some("resend-code") {
        let sent = visit.kept.sent(way.kind, way.authenticator);
        let found = if sent.is_some_and(|sent| sent.wait(&visit) > 0) {
            Some(SendProblem::TooSoon)
        } else {
            send(&mut visit, &asked, way).await?
        };
        return Ok(match found {
            Some(problem) => page(&visit, &asked, subject, Some(Problem::Send(problem))),
            // A page that is loaded again sends nothing again.
            None => visit.go_and_say(address(kind), "resent"),
        });
    }
    let refuse = |found: CodeProblem| Ok(page(&visit, &asked, subject, Some(Problem::Code(found))));
    let Some(code) = code(&visit) else { return refuse(CodeProblem::Missing) };
    if oob::code::BindingCode::typed(&code).is_none() {
        return refuse(CodeProblem::Malformed);
    }
    let Some(sent) = visit.kept.sent(way.kind, way.authenticator) else {
        return refuse(CodeProblem::Expired);
    };
    let verdict = oob::answer(&asked.transaction(&visit), &sent.oob_code, Some(&code)).await;
    match verdict.map_err(|failure| visit.failed(failure))? {
        Verdict::Passed(passed) => match subject {
            Subject::Challenged(_) => pass(visit, &asked, passed).await,
            Subject::Enrolled(_) => enroll::complete(visit, &asked, passed).await,
        },
        refused => refuse(problem(refused).unwrap_or(CodeProblem::Wrong)),
    }
}

/// What the code is for.
#[derive(Clone, Copy)]
enum Subject<'a> {
    /// To prove an authenticator that is there.
    Challenged(Way<'a>),
    /// To confirm a new one.
    Enrolled(Way<'a>),
}

impl<'a> Subject<'a> {
    fn of(visit: &Visit, asked: &'a Asked, kind: Kind) -> Option<Self> {
        if let Some(enrolling) = visit.kept.enrolling.as_ref().filter(|it| it.kind == kind) {
            let authenticator = asked.authenticator(&enrolling.authenticator_id).filter(|it| !it.active())?;
            return enroll::is_due(visit, kind).then_some(Self::Enrolled(Way { kind, authenticator }));
        }
        asked.way(visit, Some(kind)).map(Self::Challenged)
    }

    const fn way(self) -> Way<'a> {
        match self {
            Self::Challenged(way) | Self::Enrolled(way) => way,
        }
    }
}

/// Sends a code, unless that is not to be.
async fn send(visit: &mut Visit, asked: &Asked, way: Way<'_>) -> Result<Option<SendProblem>, Lost> {
    let challenged = factors::challenge(&asked.transaction(visit), way.kind, way.authenticator).await;
    match challenged {
        Ok(Challenged::Sent { oob_code, .. }) => {
            let now = visit.shared.clock.now();
            visit.kept.keep_sent(Sent::new(way.kind, way.authenticator, &oob_code, now));
            visit.save().await?;
            Ok(None)
        }
        Ok(Challenged::AtHand) => Ok(None),
        Err(failure) => send_problem(visit, failure).map(Some),
    }
}

const fn address(kind: Kind) -> &'static str {
    match kind {
        Kind::Email => path::EMAIL_CHALLENGE,
        Kind::Voice => path::VOICE_CHALLENGE,
        _ => path::SMS_CHALLENGE,
    }
}

/// Where the code goes, as the page may tell it.
pub(in crate::login) fn recipient(authenticator: &Authenticator) -> String {
    match &authenticator.credential {
        Credential::Email { address } => mask::email(address),
        Credential::Phone { number, .. } => mask::phone(number),
        _ => String::new(),
    }
}

fn page(visit: &Visit, asked: &Asked, subject: Subject<'_>, found: Option<Problem>) -> Response {
    let Way { kind, authenticator } = subject.way();
    let other_ways = match subject {
        Subject::Challenged(_) => has_other_ways(visit, asked).then_some(OtherWays::Challenge),
        Subject::Enrolled(_) if kind == Kind::Email => Some(OtherWays::Address),
        Subject::Enrolled(_) => Some(OtherWays::Number),
    };
    let last = visit.kept.sent(kind, authenticator);
    let outstanding = last.is_some_and(|sent| !sent.expired(visit));
    let view = View {
        frame: visit.frame(Some(&asked.user)),
        channel: match kind {
            Kind::Email => Channel::Email,
            Kind::Voice => Channel::Voice,
            _ => Channel::Sms,
        },
        recipient: &recipient(authenticator),
        sent: !matches!(found, Some(Problem::Send(_))) || outstanding,
        lifetime: visit.shared.config.mfa.oob_code_lifetime,
        resend_in: last.map_or(0, |sent| sent.wait(visit)),
        resent: visit.params.text("said") == Some("resent"),
        may_remember_browser: matches!(subject, Subject::Challenged(_)) && offers_to_remember(visit),
        other_ways,
        problem: found,
    };
    let status = match found {
        None => StatusCode::OK,
        Some(Problem::Code(found)) => super::status(Some(found)),
        Some(Problem::Send(SendProblem::Failed)) => StatusCode::BAD_GATEWAY,
        Some(Problem::Send(SendProblem::TooMany | SendProblem::TooSoon)) => StatusCode::TOO_MANY_REQUESTS,
    };
    visit.page(status, render(&view))
}
