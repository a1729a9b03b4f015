//! `/u/consent`: may this application do that?

use axum::response::Response;
use http::StatusCode;

use super::{
    path, resume,
    visit::{Lost, Visit},
};
use crate::{
    oauth::error::UserFault,
    pages::consent::{Permission, View, render},
};

/// Asks, once everything else about the login is settled.
pub(super) async fn show(visit: Visit) -> Result<Response, Lost> {
    let Some(user) = visit.user().await? else { return Ok(visit.go(path::RESUME)) };
    if visit.progress.waiting.is_some() || visit.kept.consented {
        return Ok(visit.go(path::RESUME));
    }
    let accepted = visit.accepted()?;
    let permissions: Vec<_> =
        accepted.scope.iter().map(|scope| Permission { scope, description: "" }).collect();
    let view = View { frame: visit.frame(Some(&user)), permissions: &permissions };
    Ok(visit.page(StatusCode::OK, render(&view)))
}

/// Takes the answer.
pub(super) async fn submit(mut visit: Visit) -> Result<Response, Lost> {
    if visit.user().await?.is_none() {
        return Ok(visit.go(path::RESUME));
    }
    match visit.params.text("action") {
        Some("accept") => {
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
