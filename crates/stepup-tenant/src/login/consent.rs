//! `/u/consent`: may this application do that? Asked once for each application, API and scope.

use axum::response::Response;
use http::StatusCode;

use super::{
    path, resume,
    visit::{Lost, Visit},
};
use crate::{
    oauth::{authorize::request::Accepted, error::UserFault},
    pages::consent::{Permission, View, render},
    state::State,
    store::StoreError,
};

/// Whether the user has to be asked: the API or the application demands it, and they have not agreed to all of this before.
/// `prompt=consent` asks again in any case (OpenID Connect Core section 3.1.2.1).
///
/// # Errors
/// The store failed.
pub(crate) async fn is_due(
    state: &State,
    accepted: &Accepted<'_>,
    user_id: &str,
) -> Result<bool, StoreError> {
    if accepted.prompt.consent {
        return Ok(true);
    }
    if !accepted.target.needs_consent(accepted.client) {
        return Ok(false);
    }
    let audience = accepted.target.identifier(&state.issuer).unwrap_or_default();
    let held = state.store.consented(user_id, &accepted.client.client_id, &audience).await?;
    Ok(!held.includes(&accepted.scope))
}

/// Asks, once everything else about the login is settled.
pub(super) async fn show(visit: Visit) -> Result<Response, Lost> {
    let Some(user) = visit.user().await? else { return Ok(visit.go(path::RESUME)) };
    if !visit.kept.asks_consent || visit.kept.consented {
        return Ok(visit.go(path::RESUME));
    }
    let accepted = visit.accepted()?;
    // `openid` says nothing to a person that `profile` does not.
    let said_already = |scope: &&str| *scope == "openid" && accepted.scope.contains("profile");
    let scopes = accepted.scope.iter().filter(|scope| !said_already(scope));
    let described =
        |scope| Permission { scope, description: accepted.target.describes(scope).unwrap_or_default() };
    let permissions: Vec<_> = scopes.map(described).collect();
    let view = View { frame: visit.frame(Some(&user)), permissions: &permissions };
    Ok(visit.page(StatusCode::OK, render(&view)))
}

/// Takes the answer. A form that nobody was shown says nothing.
pub(super) async fn submit(mut visit: Visit) -> Result<Response, Lost> {
    let Some(user) = visit.user().await? else { return Ok(visit.go(path::RESUME)) };
    if !visit.kept.asks_consent || visit.kept.consented {
        return Ok(visit.go(path::RESUME));
    }
    match visit.params.text("action") {
        Some("accept") => {
            let accepted = visit.accepted()?;
            let audience = accepted.target.identifier(&visit.shared.issuer).unwrap_or_default();
            let store = &visit.shared.store;
            let (client_id, now) = (&accepted.client.client_id, visit.shared.clock.now());
            let kept = store.consent(&user.user_id, client_id, &audience, &accepted.scope, now).await;
            kept.map_err(|error| visit.failed(error))?;
            visit.kept.consented = true;
            visit.save().await?;
            Ok(visit.go(path::RESUME))
        }
        Some("deny") => {
            let denied = UserFault::Denied("User did not authorize the request".to_owned());
            resume::end(visit, &denied.into()).await
        }
        _ => Ok(visit.go(path::CONSENT)),
    }
}
