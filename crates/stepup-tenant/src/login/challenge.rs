//! `/u/mfa-otp-challenge` and `/u/mfa-recovery-code-challenge`: prove a factor that is there.

use axum::response::Response;
use http::StatusCode;
use stepup_protocol::mfa::FactorType;

use super::{
    path, recovery,
    visit::{Lost, NewCode, Visit},
};
use crate::{
    factors::{self, Answer, Verdict},
    mfa::requirement::{Choice, Passed},
    model::User,
    pages::{mfa_otp_challenge, mfa_recovery_code_challenge, problem::CodeProblem},
};

/// Asks for a code of the authenticator app.
pub(super) async fn show_otp(visit: Visit) -> Result<Response, Lost> {
    match due(&visit, FactorType::Otp).await? {
        Some((user, _)) => Ok(otp_page(&visit, &user, None)),
        None => Ok(visit.go(path::RESUME)),
    }
}

/// Judges it.
pub(super) async fn submit_otp(mut visit: Visit) -> Result<Response, Lost> {
    let Some((user, _)) = due(&visit, FactorType::Otp).await? else { return Ok(visit.go(path::RESUME)) };
    let Some(code) = code(&visit) else { return Ok(otp_page(&visit, &user, Some(CodeProblem::Missing))) };
    let held = factors::held(&visit.shared, &user).await.map_err(|failure| visit.failed(failure))?;
    let answer = Answer::App { code: &code, only: None };
    let verdict = factors::verify(&visit.transaction(&user, &held), answer).await;
    let verdict = verdict.map_err(|failure| visit.failed(failure))?;
    match verdict {
        Verdict::Passed(passed) => pass(&mut visit, passed).await,
        refused => Ok(otp_page(&visit, &user, problem(refused))),
    }
}

/// Asks for the recovery code.
pub(super) async fn show_recovery(visit: Visit) -> Result<Response, Lost> {
    match due(&visit, FactorType::RecoveryCode).await? {
        Some((user, _)) => Ok(recovery_page(&visit, &user, None)),
        None => Ok(visit.go(path::RESUME)),
    }
}

/// Judges it; the right one is spent, and its successor is shown next.
pub(super) async fn submit_recovery(mut visit: Visit) -> Result<Response, Lost> {
    let Some((user, _)) = due(&visit, FactorType::RecoveryCode).await? else {
        return Ok(visit.go(path::RESUME));
    };
    let Some(code) = code(&visit) else {
        return Ok(recovery_page(&visit, &user, Some(CodeProblem::Missing)));
    };
    let replacement = recovery::new_code(&visit, NewCode::OldCodeUsed);
    let answer = Answer::RecoveryCode { code: &code, replacement: &replacement };
    let verdict = factors::verify(&visit.transaction(&user, &[]), answer).await;
    match verdict.map_err(|failure| visit.failed(failure))? {
        Verdict::Passed(passed) => {
            visit.kept.recovery_code = Some(NewCode::OldCodeUsed);
            pass(&mut visit, passed).await
        }
        refused => Ok(recovery_page(&visit, &user, problem(refused))),
    }
}

async fn pass(visit: &mut Visit, passed: Passed) -> Result<Response, Lost> {
    visit.progress.pass(passed.factor, passed.how, visit.shared.clock.now());
    visit.save().await?;
    Ok(visit.go(path::RESUME))
}

/// Who is challenged and among which factors, if `factor` may answer.
async fn due(visit: &Visit, factor: FactorType) -> Result<Option<(User, Choice)>, Lost> {
    let choice = visit.progress.challenge().filter(|choice| choice.factors.contains(&factor));
    Ok(visit.user().await?.zip(choice.cloned()))
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
        Verdict::Malformed => Some(CodeProblem::Malformed),
        Verdict::TooMany => Some(CodeProblem::TooManyFailures),
        _ => Some(CodeProblem::Wrong),
    }
}

/// The status of a page that says so.
pub(super) fn status(problem: Option<CodeProblem>) -> StatusCode {
    match problem {
        None => StatusCode::OK,
        Some(CodeProblem::TooManyFailures) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::BAD_REQUEST,
    }
}

fn has_other_ways(visit: &Visit) -> bool {
    visit.progress.challenge().is_some_and(|choice| choice.factors.len() > 1)
}

fn otp_page(visit: &Visit, user: &User, problem: Option<CodeProblem>) -> Response {
    let view = mfa_otp_challenge::View {
        frame: visit.frame(Some(user)),
        may_remember_browser: false,
        has_other_ways: has_other_ways(visit),
        problem,
    };
    visit.page(status(problem), mfa_otp_challenge::render(&view))
}

fn recovery_page(visit: &Visit, user: &User, problem: Option<CodeProblem>) -> Response {
    let view = mfa_recovery_code_challenge::View {
        frame: visit.frame(Some(user)),
        has_other_ways: has_other_ways(visit),
        problem,
    };
    visit.page(status(problem), mfa_recovery_code_challenge::render(&view))
}
