//! `/mfa/authenticators`: what a user has enrolled, and taking one away.

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use stepup_protocol::mfa;

use super::{answer, bearer::Bearer, kept_id};
use crate::{
    model::Authenticator,
    oauth::{
        audit::Audit,
        error::{Failure, GrantFault, RequestFault},
    },
    pipeline::Caller,
    state::Shared,
};

/// `GET /mfa/authenticators`: all of the user's, pending ones too, in the order of enrolment.
pub(crate) async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let bearer = Bearer::of(&shared, &caller, &headers).await?;
    bearer.needs("read:authenticators")?;
    let held = shared.store.authenticators(bearer.user_id()).await?;
    Ok(answer(&held.iter().map(listed).collect::<Vec<_>>()))
}

/// `DELETE /mfa/authenticators/{id}`: only with an access token, which had to be got with a second factor.
pub(crate) async fn remove(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Failure> {
    let bearer = Bearer::of(&shared, &caller, &headers).await?;
    if matches!(bearer, Bearer::MfaToken(_)) {
        return Err(GrantFault::MfaBearer.into());
    }
    bearer.needs("remove:authenticators")?;
    let id = kept_id(&id);
    if !shared.store.delete_authenticator(bearer.user_id(), &id).await? {
        return Err(RequestFault::AuthenticatorNotFound.into());
    }
    if let Some(user) = shared.store.user(bearer.user_id()).await? {
        Audit::new(&shared, &caller).user(&user).describe(id).write("gd_unenroll").await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// An entry of the list. `type` is always there: official clients filter by it.
fn listed(authenticator: &Authenticator) -> mfa::Authenticator {
    let credential = &authenticator.credential;
    mfa::Authenticator {
        id: authenticator.id.clone(),
        authenticator_type: credential.authenticator_type(),
        active: authenticator.active(),
        oob_channel: credential.oob_channel(),
        name: None,
        kind: Some(credential.factor().as_str().to_owned()),
    }
}
