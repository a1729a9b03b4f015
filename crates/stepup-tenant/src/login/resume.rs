//! `/authorize/resume`: what comes next in a login, decided in one place.

use axum::response::Response;
use http::HeaderValue;
use stepup_protocol::mfa::FactorType;
use url::Url;

use super::{
    consent, path, remember,
    visit::{Kept, Lost, Visit},
};
use crate::{
    mfa::requirement::{Flow, Requirement},
    model::{Digest, TenantSession, User},
    oauth::{
        audit::Audit,
        authorize::{
            code::{Login, facts},
            request::{Parameters, Problem},
            respond,
        },
        error::Failure,
    },
    pipeline::{self, Advanced, Progress},
};

/// Goes on with a login: to the page that is due, or to its end.
pub(super) async fn resume(visit: Visit) -> Result<Response, Lost> {
    let (Some(user), Some(session)) = (visit.user().await?, session(&visit).await?) else {
        return log_in_again(visit).await;
    };
    if visit.progress.away {
        return Err(Lost::Transaction(visit.shared.clone()));
    }
    if let Some(page) = due(&visit) {
        return Ok(visit.go(page));
    }
    go_on(visit, user, session, None).await
}

/// `/continue`: the browser returns from where an Action sent it.
pub(super) async fn return_from_action(mut visit: Visit) -> Result<Response, Lost> {
    if !visit.progress.away {
        return Err(Lost::Transaction(visit.shared.clone()));
    }
    let (Some(user), Some(session)) = (visit.user().await?, session(&visit).await?) else {
        return log_in_again(visit).await;
    };
    visit.progress.waiting = None;
    let returned = std::mem::take(&mut visit.params).into_texts();
    go_on(visit, user, session, Some(&returned)).await
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
    returned: Option<&Parameters>,
) -> Result<Response, Lost> {
    match advance(&mut visit, user, &session, returned).await? {
        Ok((Advanced::Waiting, _)) => {
            visit.kept.chosen = None;
            visit.save().await?;
            Ok(visit.go(due(&visit).unwrap_or(path::LOGIN)))
        }
        Ok((Advanced::Away(url), _)) => {
            visit.save().await?;
            let location = Url::parse(&url).ok().and_then(|mut url| {
                url.query_pairs_mut().append_pair("state", &visit.state);
                HeaderValue::from_str(url.as_str()).ok()
            });
            Ok(location.map_or_else(|| visit.go(path::LOGIN), respond::found))
        }
        Ok((Advanced::Done, user)) => finish(visit, user, session).await,
        Err(failure) => end(visit, &failure).await,
    }
}

/// The page that the login waits for.
fn due(visit: &Visit) -> Option<&'static str> {
    if visit.kept.recovery_code.is_some() {
        return Some(path::RECOVERY_ENROLLMENT);
    }
    let chosen = |factors: &[FactorType]| {
        visit.kept.chosen.filter(|factor| factors.contains(factor)).or_else(|| factors.first().copied())
    };
    match visit.progress.waiting.as_ref()? {
        Requirement::Challenge(choice) => Some(match chosen(&choice.factors)? {
            FactorType::RecoveryCode => path::RECOVERY_CHALLENGE,
            _ => path::OTP_CHALLENGE,
        }),
        Requirement::Enroll(choice) if choice.factors.len() > 1 && visit.kept.chosen.is_none() => {
            Some(path::ENROLL_OPTIONS)
        }
        Requirement::Enroll(_) => Some(path::OTP_ENROLLMENT),
        Requirement::Nothing | Requirement::Refused(_) => None,
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
    returned: Option<&Parameters>,
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
    facts.query = returned.unwrap_or(&visit.login.parameters);
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
        accepted: &accepted,
        parameters: &visit.login.parameters,
        user,
        session,
        progress,
    };
    let user_id = login.user.user_id.clone();
    match login.grant().await {
        Ok(mut response) => {
            let renewed = remember::renew(&visit.shared, &visit.headers, &user_id, &mut response).await;
            renewed.map_err(|error| visit.failed(error))?;
            Ok(response)
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
    Ok(accepted.answer.problem(&visit.shared, &problem))
}

/// Of two requests that end one login, one does.
async fn take(visit: &Visit) -> Result<(), Lost> {
    match visit.shared.store.take_login(&Digest::of(&visit.state)).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(Lost::Transaction(visit.shared.clone())),
        Err(error) => Err(visit.failed(error)),
    }
}
