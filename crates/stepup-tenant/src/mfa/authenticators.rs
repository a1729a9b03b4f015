//! `/mfa/authenticators`: what a user has enrolled, and taking one away.

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, Method, StatusCode, Uri};
use stepup_protocol::mfa;

use super::{
    answer,
    bearer::{Bearer, Call},
};
use crate::{
    factors::{self, Kind, email, kinds_of, wire_id},
    model::Authenticator,
    oauth::{
        audit::Audit,
        error::{Failure, GrantFault, RequestFault, UserFault},
    },
    pipeline::Caller,
    state::Shared,
};

/// `GET /mfa/authenticators`: all of the user's, pending ones too, in the order of enrolment; the automatic e-mail last.
pub(crate) async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let bearer = Bearer::of(&shared, &caller, &Call::new(&method, &uri, &headers)).await?;
    bearer.needs("read:authenticators")?;
    let user = bearer.user(&shared).await?;
    let held = factors::held(&shared, &user).await?;
    let listed: Vec<_> = held.iter().flat_map(|it| kinds_of(it).map(move |kind| listed(it, kind))).collect();
    Ok(answer(&listed))
}

/// `DELETE /mfa/authenticators/{id}`: with an access token, which had to be got with a second factor. An `mfa_token` will do
/// only where the configuration says so.
pub(crate) async fn remove(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<StatusCode, Failure> {
    let bearer = Bearer::of(&shared, &caller, &Call::new(&method, &uri, &headers)).await?;
    if matches!(bearer, Bearer::MfaToken(_)) && !shared.config.mfa.mfa_token_removes_authenticators {
        return Err(GrantFault::MfaBearer.into());
    }
    bearer.needs("remove:authenticators")?;
    let user = bearer.user(&shared).await?;
    let held = factors::held(&shared, &user).await?;
    let (_, authenticator) = named(&held, &id).ok_or(RequestFault::AuthenticatorNotFound)?;
    if email::is_automatic(&user.user_id, &authenticator.id) {
        return Err(UserFault::AutomaticEmail.into());
    }
    if !shared.store.delete_authenticator(&user.user_id, &authenticator.id).await? {
        return Err(RequestFault::AuthenticatorNotFound.into());
    }
    Audit::new(&shared, &caller).user(&user).describe(id).write("gd_unenroll").await;
    Ok(StatusCode::NO_CONTENT)
}

/// The authenticator that `id` names, and by which way: a phone is named by either of its channels, or as the Management
/// API does; clients also write `otp|…` for what lists as `totp|…`.
pub(super) fn named<'a>(held: &'a [Authenticator], id: &str) -> Option<(Kind, &'a Authenticator)> {
    let id = id.strip_prefix("otp|").map_or_else(|| id.to_owned(), |device| format!("totp|{device}"));
    held.iter().find_map(|it| {
        let by_channel = kinds_of(it).find(|&kind| wire_id(it, kind) == id);
        let by_its_own = || kinds_of(it).next().filter(|_| it.id == id);
        by_channel.or_else(by_its_own).map(|kind| (kind, it))
    })
}

/// An entry of the list. `type` is always there: official clients filter by it.
fn listed(authenticator: &Authenticator, kind: Kind) -> mfa::Authenticator {
    mfa::Authenticator {
        id: wire_id(authenticator, kind),
        authenticator_type: kind.authenticator_type(),
        active: authenticator.active(),
        oob_channel: kind.channel(),
        name: authenticator.masked_name(),
        phone_number: None,
        created_at: None,
        last_authenticated_at: None,
        kind: Some(kind.factor().as_str().to_owned()),
    }
}
