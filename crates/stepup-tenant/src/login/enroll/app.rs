//! `/u/mfa-otp-enrollment`: scan the code, type the first one that the app shows.

use axum::response::Response;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Given, begin, complete, due, has_other_ways};
use crate::{
    factors::{self, Answer, Ceremony, Kind, Verdict, otp},
    login::{
        asked::Asked,
        challenge::{code, problem},
        path,
        visit::{Lost, Visit},
    },
    model::{Authenticator, Credential},
    pages::{
        mfa_otp_enrollment::{View, render},
        problem::CodeProblem,
    },
};

/// Shows the QR code; the same one when the page is loaded again.
pub(in crate::login) async fn show(mut visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = due(&visit, Kind::Otp).await? else { return Ok(visit.go(path::RESUME)) };
    let secret = match under_way(&visit, &asked) {
        Some((_, secret)) => secret.clone(),
        None => {
            let begun = begin(&mut visit, &asked, Kind::Otp, Given::default()).await?;
            let begun = begun.map_err(|failure| visit.failed(failure))?;
            visit.save().await?;
            let Ceremony::App { secret, .. } = begun.ceremony else { return Ok(visit.go(path::RESUME)) };
            secret
        }
    };
    Ok(page(&visit, &asked, &secret, None))
}

/// Judges the first code, which makes the authenticator the user's.
pub(in crate::login) async fn submit(visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = due(&visit, Kind::Otp).await? else { return Ok(visit.go(path::RESUME)) };
    let Some((authenticator, secret)) = under_way(&visit, &asked) else {
        return Ok(visit.go(path::OTP_ENROLLMENT));
    };
    let Some(code) = code(&visit) else {
        return Ok(page(&visit, &asked, secret, Some(CodeProblem::Missing)));
    };
    // Only the one on this page: not what somebody else began to enrol.
    let answer = Answer::App { code: &code, only: Some(&authenticator.id) };
    let verdict = factors::verify(&asked.transaction(&visit), answer).await;
    match verdict.map_err(|failure| visit.failed(failure))? {
        Verdict::Passed(passed) => complete(visit, &asked, passed).await,
        Verdict::AlreadyEnrolled => Ok(visit.go(path::RESUME)),
        refused => Ok(page(&visit, &asked, secret, problem(refused))),
    }
}

/// The authenticator that this login has begun to enrol.
fn under_way<'a>(visit: &Visit, asked: &'a Asked) -> Option<(&'a Authenticator, &'a SecretString)> {
    let id = &visit.kept.enrolling.as_ref()?.authenticator_id;
    let found = asked.authenticator(id).filter(|it| !it.active())?;
    match &found.credential {
        Credential::Totp { secret, .. } => Some((found, secret)),
        _ => None,
    }
}

fn page(visit: &Visit, asked: &Asked, secret: &SecretString, problem: Option<CodeProblem>) -> Response {
    let user = &asked.user;
    let account = user.email.as_deref().unwrap_or(&user.name);
    let barcode_uri = otp::barcode_uri(&visit.shared.config.friendly_name, account, secret.expose_secret());
    let view = View {
        frame: visit.frame(Some(user)),
        secret: secret.expose_secret(),
        barcode_uri: &barcode_uri,
        has_other_ways: has_other_ways(visit),
        problem,
    };
    visit.page(problem, render(&view))
}
