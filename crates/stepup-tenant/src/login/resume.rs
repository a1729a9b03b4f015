//! `/authorize/resume`: what comes next in a login, decided in one place.

use axum::response::Response;
use http::{HeaderValue, StatusCode};
use stepup_protocol::mfa::FactorType;
use url::Url;

use super::{
    asked::{Asked, selection, user_chooses},
    consent, enroll,
    kept::{Chosen, Kept},
    onward, path, remember,
    visit::{Lost, NothingToEnroll, Visit},
    way_out,
};
use crate::{
    actions::Selection,
    factors::{self, Kind},
    mfa::requirement::{Flow, ListedBy, Refusal, Requirement},
    model::{Digest, TenantSession, User},
    oauth::{
        audit::Audit,
        authorize::{
            code::{Login, facts},
            request::{Parameters, Problem},
            respond,
        },
        error::{Failure, UserFault},
    },
    pages::notice,
    pipeline::{self, Advanced, Progress},
};

/// Goes on with a login: to the page that is due, or to its end.
pub(super) async fn resume(visit: Visit) -> Result<Response, Lost> {
    if visit.kept.ticket.is_some() {
        return enrolled_by_ticket(visit).await;
    }
    let (user, session) = match who(&visit).await? {
        Who::Known(user, session) => (user, session),
        Who::Blocked => return end(visit, &UserFault::Blocked.into()).await,
        Who::Nobody => return log_in_again(visit).await,
    };
    if visit.progress.away {
        return Err(visit.lost());
    }
    if let Some(page) = due(&visit).await? {
        return Ok(visit.go(page));
    }
    if is_overtaken(&visit).await? {
        return overtaken(visit, *user, *session).await;
    }
    Box::pin(go_on(visit, *user, *session, None)).await
}

/// Whose login it is by now.
enum Who {
    /// Somebody who has been blocked in the meantime.
    Blocked,
    /// A user with a session.
    Known(Box<User>, Box<TenantSession>),
    /// Nobody yet, or the user is gone, or the session has ended.
    Nobody,
}

async fn who(visit: &Visit) -> Result<Who, Lost> {
    let Some(id) = &visit.login.user_id else { return Ok(Who::Nobody) };
    let user = visit.shared.store.user(id).await.map_err(|error| visit.failed(error))?;
    match (user, session(visit).await?) {
        (Some(user), _) if user.blocked => Ok(Who::Blocked),
        (Some(user), Some(session)) => Ok(Who::Known(Box::new(user), Box::new(session))),
        (Some(_) | None, _) => Ok(Who::Nobody),
    }
}

/// The end of an enrolment without a login: a page of its own, which may be loaded again.
async fn enrolled_by_ticket(visit: Visit) -> Result<Response, Lost> {
    if visit.user().await?.is_none() {
        return Err(Lost::Ticket(visit.shared.clone()));
    }
    if let Some(page) = due(&visit).await? {
        return Ok(visit.go(page));
    }
    if visit.progress.waiting.is_some() {
        return Err(Lost::TicketForNothing(visit.shared.clone(), NothingToEnroll::SwitchedOff));
    }
    let view = notice::View {
        tenant: &visit.shared.config.friendly_name,
        done: notice::Done::Enrolled,
        way_on: None,
    };
    Ok(visit.page(StatusCode::OK, notice::render(&view)))
}

/// Goes on with a login whose browser came back, with `returned`, from where an Action had sent it.
pub(super) async fn come_back(mut visit: Visit, returned: Returned) -> Result<Response, Lost> {
    if !visit.progress.away {
        return Err(visit.lost());
    }
    let (user, session) = match who(&visit).await? {
        Who::Known(user, session) => (user, session),
        Who::Blocked => return end(visit, &UserFault::Blocked.into()).await,
        Who::Nobody => return log_in_again(visit).await,
    };
    visit.progress.waiting = None;
    Box::pin(go_on(visit, *user, *session, Some(&returned))).await
}

/// What a browser came back with.
pub(super) struct Returned {
    /// In the address.
    pub(super) query: Parameters,
    /// In a form; empty where it followed a link.
    pub(super) body: Parameters,
}

/// The session ended while the login was under way: the user begins with the password again.
async fn log_in_again(mut visit: Visit) -> Result<Response, Lost> {
    visit.login.user_id = None;
    visit.login.session_id = None;
    visit.progress = Progress::default();
    visit.kept = Kept::default();
    visit.save().await?;
    Ok(visit.go(path::LOGIN))
}

/// Lets the next Actions run and does what they ask for; `returned` is what the browser came back with from one.
async fn go_on(
    mut visit: Visit,
    user: User,
    session: TenantSession,
    returned: Option<&Returned>,
) -> Result<Response, Lost> {
    match advance(&mut visit, user, &session, returned).await? {
        Ok((Advanced::Waiting, _)) => {
            visit.kept.forget_way();
            visit.save().await?;
            match due(&visit).await? {
                Some(page) => Ok(visit.go(page)),
                // What is asked for has no page, or went in this very moment.
                None => end(visit, &Refusal::NoFactorToChallenge.into()).await,
            }
        }
        Ok((Advanced::Away(url), _)) => {
            visit.save().await?;
            let location = Url::parse(&url).ok().and_then(|mut url| {
                url.query_pairs_mut().append_pair("state", &visit.state);
                HeaderValue::from_str(url.as_str()).ok()
            });
            Ok(location.map_or_else(
                || visit.go(path::LOGIN),
                |location| onward::by_page(&visit.shared, &visit.headers, respond::found(location)),
            ))
        }
        Ok((Advanced::Done, user)) => finish(visit, user, session).await,
        Err(failure) => end(visit, &failure).await,
    }
}

async fn is_overtaken(visit: &Visit) -> Result<bool, Lost> {
    Ok(Asked::of(visit).await?.is_some_and(|asked| enroll::is_overtaken(visit, &asked)))
}

/// The user has enrolled something elsewhere since this login was to: under the tenant's own rule it is asked for now. A
/// command of an Action fails instead: nothing that it listed might be left to do, and the password alone must not pass.
async fn overtaken(mut visit: Visit, user: User, session: TenantSession) -> Result<Response, Lost> {
    let client = visit.accepted()?.client;
    let audit = Audit::new(&visit.shared, &visit.caller).client(client).user(&user);
    if visit.progress.enrolment().is_some_and(|choice| choice.listed_by == ListedBy::Action) {
        audit.describe(Refusal::AlreadyEnrolled.to_string()).write("mfar").await;
        return end(visit, &Refusal::AlreadyEnrolled.into()).await;
    }
    let said =
        "the user has enrolled a factor elsewhere in the meantime: it is asked for in place of the enrolment";
    audit.describe(said).write("w").await;
    visit.kept.overtaken = true;
    Box::pin(go_on(visit, user, session, None)).await
}

/// The page that the login waits for; none where it waits for nothing that the user can do.
async fn due(visit: &Visit) -> Result<Option<&'static str>, Lost> {
    if visit.kept.recovery_code.is_some() {
        return Ok(Some(path::RECOVERY_ENROLLMENT));
    }
    match &visit.progress.waiting {
        Some(Requirement::Challenge(_)) => challenge_due(visit).await,
        Some(Requirement::Enroll(choice)) => enrolment_due(visit, &choice.factors).await,
        Some(Requirement::ProveMailbox) => {
            let asked = Asked::of(visit).await?;
            Ok(asked.and_then(|asked| asked.mailbox).map(|_| path::LOGIN_EMAIL_VERIFICATION))
        }
        Some(Requirement::Nothing | Requirement::Refused(_)) | None => Ok(None),
    }
}

async fn challenge_due(visit: &Visit) -> Result<Option<&'static str>, Lost> {
    let Some(asked) = Asked::of(visit).await? else { return Ok(None) };
    let chosen = visit.kept.way.as_ref();
    if chosen.is_some_and(|it| it.kind() == Kind::Otp) && asked.app_of_push(visit).is_some() {
        return Ok(Some(path::OTP_CHALLENGE));
    }
    if chosen.is_none() && user_chooses(visit, &asked.ways(visit)) {
        return Ok(Some(path::LOGIN_OPTIONS));
    }
    let way = asked.way(visit, chosen.map(Chosen::kind)).or_else(|| asked.way(visit, None));
    Ok(way.map(|way| factors::of(way.kind).pages().challenge))
}

async fn enrolment_due(visit: &Visit, listed: &[FactorType]) -> Result<Option<&'static str>, Lost> {
    let Some(asked) = enroll::asked(visit).await? else { return Ok(None) };
    let possible = listed.iter().copied().filter(|&factor| enroll::page_of(visit, factor).is_some());
    let possible: Vec<_> = possible.collect();
    let several = possible.len() > 1 && selection(visit) != Some(Selection::First);
    let chosen = visit.kept.enroll.filter(|chosen| possible.contains(chosen));
    let Some(factor) = chosen.or_else(|| possible.first().copied().filter(|_| !several)) else {
        return Ok(several.then_some(path::ENROLL_OPTIONS));
    };
    // A code has been sent already: it is asked for where later ones are.
    match enroll::to_confirm(visit, &asked).filter(|way| way.kind.factor() == factor) {
        Some(way) => Ok(Some(factors::of(way.kind).pages().challenge)),
        None => Ok(enroll::page_of(visit, factor)),
    }
}

/// The session that this login goes on with, unless it has ended since.
async fn session(visit: &Visit) -> Result<Option<TenantSession>, Lost> {
    let Some(id) = &visit.login.session_id else { return Ok(None) };
    let session = visit.shared.store.session(id).await.map_err(|error| visit.failed(error))?;
    let now = visit.shared.clock.now();
    Ok(session.filter(|it| !it.expired(now) && Some(&it.user_id) == visit.login.user_id.as_ref()))
}

async fn advance(
    visit: &mut Visit,
    mut user: User,
    session: &TenantSession,
    returned: Option<&Returned>,
) -> Result<Result<(Advanced, User), Failure>, Lost> {
    let mut progress = std::mem::take(&mut visit.progress);
    let accepted = visit.accepted()?;
    let audience = accepted.target.identifier(&visit.shared.issuer);
    let mut facts = facts(
        Flow::Interactive,
        &visit.caller,
        &visit.login.parameters,
        &accepted,
        session,
        audience.as_deref(),
    );
    let remembered = remember::is_remembered(&visit.shared, &visit.headers, &user.user_id).await;
    facts.browser_remembered = remembered.map_err(|error| visit.failed(error))?;
    if let Some(returned) = returned {
        facts.query = &returned.query;
        facts.body = serde_json::json!(returned.body);
    }
    facts.browser = Some(&visit.login.browser);
    let advanced = pipeline::advance(&visit.shared, &facts, &mut user, &mut progress).await;
    visit.progress = progress;
    Ok(advanced.map(|advanced| (advanced, user)))
}

/// Asks for consent if that is due, else takes the login away and answers the client.
async fn finish(mut visit: Visit, user: User, session: TenantSession) -> Result<Response, Lost> {
    let accepted = visit.accepted()?;
    let asks = !visit.kept.consented
        && consent::is_due(&visit.shared, &accepted, &user.user_id)
            .await
            .map_err(|error| visit.failed(error))?;
    if asks {
        visit.kept.asks_consent = true;
        visit.save().await?;
        return Ok(visit.go(path::CONSENT));
    }
    take(&visit).await?;
    let progress = std::mem::take(&mut visit.progress);
    let accepted = visit.accepted()?;
    let login = Login {
        shared: &visit.shared,
        caller: &visit.caller,
        headers: &visit.headers,
        accepted: &accepted,
        parameters: &visit.login.parameters,
        browser: Some(visit.login.browser),
        user,
        session,
        progress,
    };
    let user_id = login.user.user_id.clone();
    match login.grant().await {
        Ok(mut response) => {
            let renewed = remember::renew(&visit.shared, &visit.headers, &user_id, &mut response).await;
            renewed.map_err(|error| visit.failed(error))?;
            Ok(onward::to_client(&visit, response))
        }
        Err(failure) => Ok(refuse(&visit, &failure).await?),
    }
}

/// Ends a login that failed: the client is told.
pub(super) async fn end(visit: Visit, failure: &Failure) -> Result<Response, Lost> {
    take(&visit).await?;
    refuse(&visit, failure).await
}

async fn refuse(visit: &Visit, failure: &Failure) -> Result<Response, Lost> {
    let accepted = visit.accepted()?;
    let problem = Problem::of(failure);
    let audit = Audit::new(&visit.shared, &visit.caller).client(accepted.client);
    audit.describe(problem.description.clone()).write("f").await;
    Ok(onward::to_client(visit, accepted.answer.problem(&visit.shared, &problem)))
}

/// Of two requests that end one login, one does.
async fn take(visit: &Visit) -> Result<(), Lost> {
    match visit.shared.store.take_login(&Digest::of(&visit.state)).await {
        Ok(Some(_)) => way_out::keep(visit).await,
        Ok(None) => Err(visit.lost()),
        Err(error) => Err(visit.failed(error)),
    }
}
