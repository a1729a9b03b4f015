//! `{base}/api/device-accounts/{id}`: the phone changes or ends its enrolment.

use axum::{
    Json,
    extract::{Path, State},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use stepup_protocol::guardian::{DeviceAssertion, DeviceUpdate};
use stepup_seal::digest::constant_time_eq;

use super::{Failure, enroll::credentials, signed};
use crate::{
    model::{Authenticator, Credential, Digest, PushDevice},
    oauth::audit::Audit,
    pipeline::Caller,
    state::Shared,
};

/// How long what an app signs is good, in seconds.
const LIFETIME: i64 = 2 * 3600;

/// Changes what the phone is called, how it is reached, or its key.
pub(super) async fn update(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Failure> {
    let (mut authenticator, mut device) = account(&shared, &id, &uri, &headers).await?;
    let update: DeviceUpdate = signed::body(&body)?;
    if let Some(identifier) = update.identifier {
        device.identifier = signed::name("identifier", identifier)?;
    }
    if let Some(name) = update.name {
        device.name = signed::name("name", name)?;
    }
    if let Some(given) = update.push_credentials {
        device.push = Some(credentials(given)?);
    }
    if let Some(key) = update.public_key {
        device.public_key = signed::public_key(&key)?;
    }
    let shown = json!({
        "id": id,
        "identifier": device.identifier,
        "name": device.name,
        "push_credentials": device.push.as_ref().map(|push| json!({ "service": push.service })),
    });
    if let Credential::Push { device: kept, .. } = &mut authenticator.credential {
        *kept = Some(Box::new(device));
    }
    if !shared.store.update_authenticator(&authenticator).await? {
        return Err(Failure::DeviceAccount);
    }
    log(&shared, &caller, &authenticator, "gd_update_device_account").await?;
    Ok(Json(shown))
}

/// Ends the enrolment, and that of the authenticator app that came with it.
pub(super) async fn remove(
    State(shared): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<StatusCode, Failure> {
    let (authenticator, _) = account(&shared, &id, &uri, &headers).await?;
    if !shared.store.delete_authenticator(&authenticator.user_id, &authenticator.id).await? {
        return Err(Failure::DeviceAccount);
    }
    log(&shared, &caller, &authenticator, "gd_unenroll").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The enrolment that the phone names, if it may manage it: by a token that it signs, or by the one that it was given.
async fn account(
    shared: &Shared,
    id: &str,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(Authenticator, PushDevice), Failure> {
    let token = signed::credentials(headers, "Bearer")?;
    let authenticator = shared.store.enrollment(id).await?.ok_or(Failure::DeviceAccount)?;
    let Credential::Push { device: Some(device), .. } = &authenticator.credential else {
        return Err(Failure::DeviceAccount);
    };
    let device = PushDevice::clone(device);
    if constant_time_eq(Digest::of(token).as_bytes(), device.token.as_bytes()) {
        return Ok((authenticator, device));
    }
    let assertion: DeviceAssertion = signed::claims(&device, token)?;
    signed::fresh(assertion.iat, assertion.exp, LIFETIME, shared.clock.now())?;
    let accounts = uri.path().rsplit_once('/').map_or("", |(accounts, _)| accounts);
    if assertion.aud.trim_end_matches('/') != shared.issuer.endpoint(accounts.trim_start_matches('/')) {
        return Err(Failure::Token("its aud is not the address of the device accounts"));
    }
    if assertion.iss != id || assertion.sub != authenticator.user_id {
        return Err(Failure::Token("it is about another enrolment"));
    }
    Ok((authenticator, device))
}

async fn log(
    shared: &Shared,
    caller: &Caller,
    authenticator: &Authenticator,
    kind: &str,
) -> Result<(), Failure> {
    let audit = Audit::new(shared, caller).describe(authenticator.id.clone());
    match shared.store.user(&authenticator.user_id).await? {
        Some(user) => audit.user(&user).write(kind).await,
        None => audit.write(kind).await,
    }
    Ok(())
}
