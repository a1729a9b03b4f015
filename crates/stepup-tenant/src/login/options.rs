//! `/u/mfa-enroll-options` and `/u/mfa-login-options`: which factor it shall be.

use axum::response::Response;
use http::StatusCode;
use stepup_protocol::mfa::FactorType;

use super::{
    path,
    visit::{Lost, Visit},
};
use crate::pages::{
    factor::{Way, WayKind},
    mfa_enroll_options, mfa_login_options,
};

/// Which factor to enrol.
pub(super) async fn show_enroll(mut visit: Visit) -> Result<Response, Lost> {
    let Some(choice) = visit.progress.enrolment().cloned() else { return Ok(visit.go(path::RESUME)) };
    if visit.kept.chosen.take().is_some() {
        visit.save().await?;
    }
    let user = visit.user().await?;
    let view = mfa_enroll_options::View { frame: visit.frame(user.as_ref()), factors: &choice.factors };
    Ok(visit.page(StatusCode::OK, mfa_enroll_options::render(&view)))
}

/// Takes the choice.
pub(super) async fn submit_enroll(visit: Visit) -> Result<Response, Lost> {
    let factors = visit.progress.enrolment().map(|choice| choice.factors.clone());
    choose(visit, factors.unwrap_or_default()).await
}

/// Which factor to prove.
pub(super) async fn show_login(visit: Visit) -> Result<Response, Lost> {
    let Some(choice) = visit.progress.challenge() else { return Ok(visit.go(path::RESUME)) };
    let user = visit.user().await?;
    let ways: Vec<_> = choice.factors.iter().filter_map(|&factor| way(factor)).collect();
    let view = mfa_login_options::View { frame: visit.frame(user.as_ref()), ways: &ways };
    Ok(visit.page(StatusCode::OK, mfa_login_options::render(&view)))
}

/// Takes the choice.
pub(super) async fn submit_login(visit: Visit) -> Result<Response, Lost> {
    let factors = visit.progress.challenge().map(|choice| choice.factors.clone());
    choose(visit, factors.unwrap_or_default()).await
}

/// Keeps what was clicked if it was on offer; anything else leaves things as they were.
async fn choose(mut visit: Visit, offered: Vec<FactorType>) -> Result<Response, Lost> {
    let clicked = visit.params.text("action").and_then(FactorType::parse);
    if let Some(factor) = clicked.filter(|factor| offered.contains(factor)) {
        visit.kept.chosen = Some(factor);
        visit.save().await?;
    }
    Ok(visit.go(path::RESUME))
}

fn way(factor: FactorType) -> Option<Way<'static>> {
    let kind = match factor {
        FactorType::Otp => WayKind::Otp,
        FactorType::RecoveryCode => WayKind::RecoveryCode,
        _ => return None,
    };
    Some(Way { value: factor.as_str(), kind, detail: "" })
}
