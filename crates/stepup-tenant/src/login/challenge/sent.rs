//! `/u/mfa-sms-challenge`, `/u/mfa-voice-challenge`, `/u/mfa-email-challenge`: a code that was sent, to an authenticator that
//! is there or to one that it confirms. `/u/login-email-verification`: the same to the address of a user who has none, where
//! the login does not look like theirs.

use axum::response::Response;

use super::{code, has_other_ways, offers_to_remember, pass, problem};
use crate::{
    factors::{self, Challenged, Kind, Verdict, oob},
    login::{
        asked::{Asked, Way},
        enroll,
        outcome::Outcome,
        path,
        sent::{Sent, send_problem},
        visit::{Lost, Visit},
    },
    model::{Authenticator, Credential},
    pages::{
        mask,
        mfa_sent_code_challenge::{OtherWays, Problem, Reason, View, render},
        problem::{Channel, CodeProblem, SendProblem},
    },
};

/// By text message.
pub(in crate::login) async fn show_sms(visit: Visit) -> Result<Response, Lost> {
    show(visit, Place::Factor(Kind::Sms)).await
}

/// By text message.
pub(in crate::login) async fn submit_sms(visit: Visit) -> Result<Response, Lost> {
    submit(visit, Place::Factor(Kind::Sms)).await
}

/// In a call.
pub(in crate::login) async fn show_voice(visit: Visit) -> Result<Response, Lost> {
    show(visit, Place::Factor(Kind::Voice)).await
}

/// In a call.
pub(in crate::login) async fn submit_voice(visit: Visit) -> Result<Response, Lost> {
    submit(visit, Place::Factor(Kind::Voice)).await
}

/// By e-mail.
pub(in crate::login) async fn show_email(visit: Visit) -> Result<Response, Lost> {
    show(visit, Place::Factor(Kind::Email)).await
}

/// By e-mail.
pub(in crate::login) async fn submit_email(visit: Visit) -> Result<Response, Lost> {
    submit(visit, Place::Factor(Kind::Email)).await
}

/// To the address of the profile.
pub(in crate::login) async fn show_mailbox(visit: Visit) -> Result<Response, Lost> {
    show(visit, Place::Mailbox).await
}

/// To the address of the profile.
pub(in crate::login) async fn submit_mailbox(visit: Visit) -> Result<Response, Lost> {
    submit(visit, Place::Mailbox).await
}

/// Asks for the code; sends it when the page is seen for the first time, and not when it is loaded again.
async fn show(mut visit: Visit, place: Place) -> Result<Response, Lost> {
    let Some(asked) = Asked::of(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let Some(subject) = Subject::of(&visit, &asked, place) else { return Ok(visit.go(path::RESUME)) };
    let way = subject.way();
    let found = match visit.kept.sent(way.kind, way.authenticator) {
        Some(sent) if sent.expired(&visit) => Some(Problem::Code(CodeProblem::Expired)),
        Some(_) => None,
        None => send(&mut visit, &asked, subject).await?.map(Problem::Send),
    };
    Ok(page(&visit, &asked, subject, found))
}

/// Judges the code, or sends another.
async fn submit(mut visit: Visit, place: Place) -> Result<Response, Lost> {
    let Some(asked) = Asked::of(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let Some(subject) = Subject::of(&visit, &asked, place) else { return Ok(visit.go(path::RESUME)) };
    let way = subject.way();
    if visit.params.text("action") == Some("resend-code") {
        let sent = visit.kept.sent(way.kind, way.authenticator);
        let found = match sent.and_then(|sent| sent.too_soon(&visit)) {
            None => send(&mut visit, &asked, subject).await?,
            too_soon => too_soon,
        };
        return Ok(match found {
            Some(problem) => page(&visit, &asked, subject, Some(Problem::Send(problem))),
            // A page that is loaded again sends nothing again.
            None => visit.go_and_say(place.address(), "resent"),
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
    let transaction = asked.transaction(&visit);
    let verdict = match subject {
        Subject::Mailbox(_) => oob::mailbox::verify(&transaction, &sent.oob_code, &code).await,
        Subject::Challenged(_) | Subject::Enrolled(_) => {
            oob::answer(&transaction, &sent.oob_code, Some(&code)).await
        }
    };
    match verdict.map_err(|failure| visit.failed(failure))? {
        Verdict::Passed(passed) => match subject {
            Subject::Challenged(_) => pass(visit, &asked, passed).await,
            Subject::Enrolled(_) => enroll::complete(visit, &asked, passed).await,
            Subject::Mailbox(_) => {
                visit.progress.prove_mailbox();
                visit.kept.forget_way();
                visit.save().await?;
                Ok(visit.go(path::RESUME))
            }
        },
        Verdict::AlreadyEnrolled => Ok(visit.go(path::RESUME)),
        refused => refuse(problem(refused).unwrap_or(CodeProblem::Wrong)),
    }
}

/// Where a code is asked for.
#[derive(Clone, Copy)]
enum Place {
    /// On the page of a factor.
    Factor(Kind),
    /// On the page of whoever has none.
    Mailbox,
}

impl Place {
    const fn address(self) -> &'static str {
        match self {
            Self::Factor(Kind::Email) => path::EMAIL_CHALLENGE,
            Self::Factor(Kind::Voice) => path::VOICE_CHALLENGE,
            Self::Factor(_) => path::SMS_CHALLENGE,
            Self::Mailbox => path::LOGIN_EMAIL_VERIFICATION,
        }
    }
}

/// What the code is for.
#[derive(Clone, Copy)]
enum Subject<'a> {
    /// To prove an authenticator that is there.
    Challenged(Way<'a>),
    /// To confirm a new one.
    Enrolled(Way<'a>),
    /// To prove the mailbox of the profile, which is none.
    Mailbox(Way<'a>),
}

impl<'a> Subject<'a> {
    fn of(visit: &Visit, asked: &'a Asked, place: Place) -> Option<Self> {
        let kind = match place {
            Place::Factor(kind) => kind,
            Place::Mailbox => {
                let authenticator = asked.mailbox.as_ref()?;
                return Some(Self::Mailbox(Way { kind: Kind::Email, authenticator }));
            }
        };
        match enroll::to_confirm(visit, asked).filter(|way| way.kind == kind) {
            Some(way) => Some(Self::Enrolled(way)),
            None => asked.way(visit, Some(kind)).map(Self::Challenged),
        }
    }

    const fn way(self) -> Way<'a> {
        match self {
            Self::Challenged(way) | Self::Enrolled(way) | Self::Mailbox(way) => way,
        }
    }
}

/// Sends a code, unless that is not to be.
async fn send(visit: &mut Visit, asked: &Asked, subject: Subject<'_>) -> Result<Option<SendProblem>, Lost> {
    let (way, transaction) = (subject.way(), asked.transaction(visit));
    let sent = match subject {
        Subject::Mailbox(_) => oob::mailbox::send(&transaction, way.authenticator).await,
        Subject::Challenged(_) | Subject::Enrolled(_) => {
            factors::challenge(&transaction, way.kind, way.authenticator).await
        }
    };
    match sent {
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
        Subject::Mailbox(_) => None,
    };
    let last = visit.kept.sent(kind, authenticator);
    let outstanding = last.is_some_and(|sent| !sent.expired(visit));
    let view = View {
        frame: visit.frame(Some(&asked.user)),
        reason: match subject {
            Subject::Challenged(_) | Subject::Enrolled(_) => Reason::SecondFactor,
            Subject::Mailbox(_) => Reason::UnusualLogin,
        },
        channel: match kind {
            Kind::Email => Channel::Email,
            Kind::Voice => Channel::Voice,
            _ => Channel::Sms,
        },
        recipient: &recipient(authenticator),
        sent: last.is_some() && (!matches!(found, Some(Problem::Send(_))) || outstanding),
        lifetime: visit.shared.config.mfa.oob_code_lifetime,
        resend_in: last.map_or(0, |sent| sent.wait(visit)),
        resent: visit.params.text("said") == Some("resent"),
        may_remember_browser: matches!(subject, Subject::Challenged(_)) && offers_to_remember(visit),
        other_ways,
        problem: found,
    };
    let outcome = found.map(|found| match found {
        Problem::Code(found) => Outcome::from(found),
        Problem::Send(found) => Outcome::from(found),
    });
    visit.page(outcome, render(&view))
}
