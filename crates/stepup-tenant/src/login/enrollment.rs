//! `/u/mfa-otp-enrollment`: scan the code, type the first one that the app shows.

use axum::response::Response;
use secrecy::{ExposeSecret as _, SecretString};
use stepup_protocol::mfa::FactorType;

use super::{
    challenge::{code, problem, status},
    path, recovery,
    visit::{Lost, NewCode, Visit},
};
use crate::{
    factors::{self, Answer, Ceremony, Details, Kind, Verdict, otp},
    model::{Authenticator, Credential, User},
    pages::{
        mfa_otp_enrollment::{View, render},
        problem::CodeProblem,
    },
};

/// Shows the QR code; the same one when the page is loaded again.
pub(super) async fn show(mut visit: Visit) -> Result<Response, Lost> {
    let Some(user) = due(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let held = held(&visit, &user).await?;
    let secret = match under_way(&visit, &held) {
        Some((_, secret)) => secret,
        None => {
            let new_code = recovery::new_code(&visit, NewCode::FirstFactor);
            let details = Details { phone_number: None, email: None, recovery_code: &new_code };
            let transaction = visit.transaction(&user, &held);
            let begun = factors::enroll(&transaction, Kind::Otp, details).await;
            let begun = begun.map_err(|failure| visit.failed(failure))?;
            let Ceremony::App { secret, .. } = begun.ceremony else { return Ok(visit.go(path::RESUME)) };
            visit.kept.enrolling = Some(begun.authenticator_id);
            visit.save().await?;
            secret
        }
    };
    Ok(page(&visit, &user, &secret, None))
}

/// Judges the first code, which makes the authenticator the user's.
pub(super) async fn submit(mut visit: Visit) -> Result<Response, Lost> {
    let Some(user) = due(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let held = held(&visit, &user).await?;
    let Some((authenticator, secret)) = under_way(&visit, &held) else {
        return Ok(visit.go(path::OTP_ENROLLMENT));
    };
    let Some(code) = code(&visit) else {
        return Ok(page(&visit, &user, &secret, Some(CodeProblem::Missing)));
    };
    // Only the one on this page: not what somebody else began to enrol.
    let answer = Answer::App { code: &code, only: Some(&authenticator.id) };
    let verdict = factors::verify(&visit.transaction(&user, &held), answer).await;
    let verdict = verdict.map_err(|failure| visit.failed(failure))?;
    let Verdict::Passed(passed) = verdict else {
        return Ok(page(&visit, &user, &secret, problem(verdict)));
    };
    let had_code = held.iter().any(|it| it.active() && it.factor() == FactorType::RecoveryCode);
    if !had_code && visit.shared.config.factors.enabled(FactorType::RecoveryCode) {
        visit.kept.recovery_code = Some(NewCode::FirstFactor);
    }
    visit.kept.enrolling = None;
    visit.progress.pass(passed.factor, passed.how, visit.shared.clock.now());
    visit.save().await?;
    Ok(visit.go(path::RESUME))
}

/// Who enrols, if an app may be enrolled.
async fn due(visit: &Visit) -> Result<Option<User>, Lost> {
    match visit.progress.enrolment() {
        Some(choice) if choice.factors.contains(&FactorType::Otp) => visit.user().await,
        _ => Ok(None),
    }
}

async fn held(visit: &Visit, user: &User) -> Result<Vec<Authenticator>, Lost> {
    factors::held(&visit.shared, user).await.map_err(|failure| visit.failed(failure))
}

/// The authenticator that this login has begun to enrol.
fn under_way(visit: &Visit, held: &[Authenticator]) -> Option<(Authenticator, SecretString)> {
    let id = visit.kept.enrolling.as_deref()?;
    let found = held.iter().find(|it| it.id == id && !it.active())?;
    match &found.credential {
        Credential::Totp { secret, .. } => Some((found.clone(), secret.clone())),
        _ => None,
    }
}

fn page(visit: &Visit, user: &User, secret: &SecretString, problem: Option<CodeProblem>) -> Response {
    let account = user.email.as_deref().unwrap_or(&user.name);
    let barcode_uri = otp::barcode_uri(&visit.shared.config.friendly_name, account, secret.expose_secret());
    let view = View {
        frame: visit.frame(Some(user)),
        secret: secret.expose_secret(),
        barcode_uri: &barcode_uri,
        has_other_ways: visit.progress.enrolment().is_some_and(|choice| choice.factors.len() > 1),
        problem,
    };
    visit.page(status(problem), render(&view))
}
