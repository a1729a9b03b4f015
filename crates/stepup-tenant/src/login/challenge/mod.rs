//! Prove a factor that is there: `/u/mfa-otp-challenge`, `/u/mfa-recovery-code-challenge`, and in their own files what is
//! sent and what a phone answers.

pub(super) mod push;
pub(super) mod sent;

use axum::response::Response;
use stepup_protocol::mfa::FactorType;

use super::{
    asked::Asked,
    path, recovery, remember,
    visit::{Lost, NewCode, Visit},
};
use crate::{
    factors::{self, Answer, Kind, Verdict},
    mfa::requirement::Passed,
    pages::{mfa_otp_challenge, mfa_recovery_code_challenge, problem::CodeProblem},
};

/// The tick that spares this browser the second factor for a while.
const REMEMBER_BROWSER: &str = "rememberBrowser";

/// Asks for a code of the authenticator app.
pub(super) async fn show_otp(visit: Visit) -> Result<Response, Lost> {
    match otp_due(&visit).await? {
        Some(asked) => Ok(otp_page(&visit, &asked, None)),
        None => Ok(visit.go(path::RESUME)),
    }
}

/// Judges it: a code of any of the user's apps will do.
pub(super) async fn submit_otp(visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = otp_due(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let Some(code) = code(&visit) else { return Ok(otp_page(&visit, &asked, Some(CodeProblem::Missing))) };
    let verdict = factors::verify(&asked.transaction(&visit), Answer::App { code: &code, only: None }).await;
    match verdict.map_err(|failure| visit.failed(failure))? {
        Verdict::Passed(passed) => pass(visit, &asked, passed).await,
        refused => Ok(otp_page(&visit, &asked, problem(refused))),
    }
}

/// Whoever may answer with an app: it is one of the ways, or the code of a push enrolment's app stands for its phone.
async fn otp_due(visit: &Visit) -> Result<Option<Asked>, Lost> {
    let asked = Asked::of(visit).await?;
    Ok(asked.filter(|asked| {
        let by_app = asked.way(visit, Some(Kind::Otp)).is_some();
        by_app || asked.app_of_push(visit).is_some()
    }))
}

/// Asks for the recovery code.
pub(super) async fn show_recovery(visit: Visit) -> Result<Response, Lost> {
    match recovery_due(&visit).await? {
        Some(asked) => Ok(recovery_page(&visit, &asked, None)),
        None => Ok(visit.go(path::RESUME)),
    }
}

/// Judges it; the right one is spent, and its successor is shown next.
pub(super) async fn submit_recovery(mut visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = recovery_due(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let Some(code) = code(&visit) else {
        return Ok(recovery_page(&visit, &asked, Some(CodeProblem::Missing)));
    };
    let replacement = recovery::new_code(&visit, NewCode::OldCodeUsed);
    let answer = Answer::RecoveryCode { code: &code, replacement: &replacement };
    let verdict = factors::verify(&asked.transaction(&visit), answer).await;
    match verdict.map_err(|failure| visit.failed(failure))? {
        Verdict::Passed(passed) => {
            visit.kept.recovery_code = Some(NewCode::OldCodeUsed);
            pass(visit, &asked, passed).await
        }
        refused => Ok(recovery_page(&visit, &asked, problem(refused))),
    }
}

async fn recovery_due(visit: &Visit) -> Result<Option<Asked>, Lost> {
    let asked = Asked::of(visit).await?;
    Ok(asked.filter(|asked| asked.way(visit, Some(Kind::RecoveryCode)).is_some()))
}

/// Notes that a factor was passed, remembers the browser if that was ticked, and goes on.
pub(super) async fn pass(mut visit: Visit, asked: &Asked, passed: Passed) -> Result<Response, Lost> {
    let ticked = match passed.factor {
        FactorType::PushNotification => visit.kept.remember_browser,
        _ => visit.params.text(REMEMBER_BROWSER).is_some(),
    };
    let remembers = ticked && may_remember(&visit, passed);
    visit.progress.pass(passed.factor, passed.how, visit.shared.clock.now());
    visit.kept.forget_way();
    visit.kept.overtaken = false;
    visit.save().await?;
    let mut response = visit.go(path::RESUME);
    if remembers {
        let remembered = remember::remember(&visit.shared, &visit.headers, &asked.user, &mut response).await;
        remembered.map_err(|error| visit.failed(error))?;
    }
    Ok(response)
}

/// A recovery code says that the usual factor is lost, which is no reason to trust the browser.
fn may_remember(visit: &Visit, passed: Passed) -> bool {
    offers_to_remember(visit) && passed.factor != Kind::RecoveryCode.factor()
}

/// Whether the tick is offered.
pub(super) fn offers_to_remember(visit: &Visit) -> bool {
    visit.progress.challenge().is_some_and(|choice| choice.may_remember)
}

/// Whether there is another way.
pub(super) fn has_other_ways(visit: &Visit, asked: &Asked) -> bool {
    asked.ways(visit).len() > 1
}

/// What was typed, without the spaces that people put between groups of digits.
pub(super) fn code(visit: &Visit) -> Option<String> {
    let code: String = visit.params.text("code")?.split_whitespace().collect();
    (!code.is_empty()).then_some(code)
}

/// What the page says of a verdict.
pub(super) fn problem(verdict: Verdict) -> Option<CodeProblem> {
    match verdict {
        Verdict::Passed(_) => None,
        Verdict::AlreadyUsed => Some(CodeProblem::AlreadyUsed),
        Verdict::Expired | Verdict::Foreign | Verdict::Spent | Verdict::Unknown => Some(CodeProblem::Expired),
        Verdict::Malformed => Some(CodeProblem::Malformed),
        Verdict::Missing => Some(CodeProblem::Missing),
        Verdict::TooMany(empty) => Some(CodeProblem::TooManyFailures(empty.refills_in)),
        Verdict::AlreadyEnrolled
        | Verdict::Denied
        | Verdict::NotAccepted
        | Verdict::Pending
        | Verdict::TooFast
        | Verdict::Wrong => Some(CodeProblem::Wrong),
    }
}

fn otp_page(visit: &Visit, asked: &Asked, problem: Option<CodeProblem>) -> Response {
    let view = mfa_otp_challenge::View {
        frame: visit.frame(Some(&asked.user)),
        may_remember_browser: offers_to_remember(visit),
        has_other_ways: has_other_ways(visit, asked) || asked.way(visit, Some(Kind::Otp)).is_none(),
        problem,
    };
    visit.page(problem, mfa_otp_challenge::render(&view))
}

fn recovery_page(visit: &Visit, asked: &Asked, problem: Option<CodeProblem>) -> Response {
    let view = mfa_recovery_code_challenge::View {
        frame: visit.frame(Some(&asked.user)),
        has_other_ways: has_other_ways(visit, asked),
        problem,
    };
    visit.page(problem, mfa_recovery_code_challenge::render(&view))
}
