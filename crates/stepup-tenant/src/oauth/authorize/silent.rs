//! `prompt=none`: answered at once or not at all (OIDC Core section 3.1.2.6).

use axum::response::Response;
use http::HeaderMap;
use stepup_protocol::error::{code, description};

use super::{
    code::{Login, facts},
    request::{Accepted, Parameters, Problem},
};
use crate::{
    login::{consent, cookies, remember},
    mfa::requirement::Flow,
    model::{Digest, TenantSession},
    oauth::{audit::Audit, error::Failure},
    pipeline::{self, Advanced, Caller, Progress},
    state::Shared,
};

/// Answers with a code if the session is enough and nothing is to be shown, else with what would have been.
pub(super) async fn answer(
    shared: &Shared,
    caller: &Caller,
    headers: &HeaderMap,
    parameters: &Parameters,
    accepted: &Accepted<'_>,
    session: Option<TenantSession>,
) -> Result<Response, Failure> {
    match log_in(shared, caller, headers, parameters, accepted, session).await? {
        Ok(response) => Ok(response),
        Err(problem) => {
            let audit = Audit::new(shared, caller).client(accepted.client);
            audit.describe(problem.description.clone()).write("fsa").await;
            Ok(accepted.answer.problem(shared, &problem))
        }
    }
}

async fn log_in(
    shared: &Shared,
    caller: &Caller,
    headers: &HeaderMap,
    parameters: &Parameters,
    accepted: &Accepted<'_>,
    session: Option<TenantSession>,
) -> Result<Result<Response, Problem>, Failure> {
    let Some(session) = session else { return Ok(Err(Problem::login_required("Login required"))) };
    let user = shared.store.user(&session.user_id).await?.filter(|user| !user.blocked);
    let Some(mut user) = user else { return Ok(Err(Problem::login_required("Login required"))) };
    let audience = accepted.target.identifier(&shared.issuer);
    let mut progress = Progress::of_session(&session);
    let browser = cookies::browser(headers).map(|mark| Digest::of(&mark));
    let mut facts = facts(Flow::Silent, caller, parameters, accepted, &session, audience.as_deref());
    facts.browser_remembered = remember::is_remembered(shared, headers, &user.user_id).await?;
    facts.browser = browser.as_ref();
    match pipeline::advance(shared, &facts, &mut user, &mut progress).await {
        Ok(Advanced::Waiting) => return Ok(Err(Problem::login_required(description::MFA_REQUIRED))),
        Ok(Advanced::Away(_)) => return Ok(Err(interaction_required())),
        Ok(Advanced::Done) => {}
        Err(failure) => return Ok(Err(Problem::of(&failure))),
    }
    if consent::is_due(shared, accepted, &user.user_id).await? {
        let description = "Consent required".to_owned();
        return Ok(Err(Problem { error: code::CONSENT_REQUIRED, description }));
    }
    let login = Login { shared, caller, headers, accepted, parameters, browser, user, session, progress };
    match login.grant().await {
        Ok(response) => Ok(Ok(response)),
        Err(failure) => Ok(Err(Problem::of(&failure))),
    }
}

fn interaction_required() -> Problem {
    Problem { error: code::INTERACTION_REQUIRED, description: "Interaction required".to_owned() }
}
