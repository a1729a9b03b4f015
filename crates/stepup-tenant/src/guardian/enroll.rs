//! `POST {base}/api/enroll`: a phone has scanned the QR code.

use axum::{Json, extract::State};
use bytes::Bytes;
use http::HeaderMap;
use secrecy::ExposeSecret as _;
use stepup_protocol::guardian::{self, EnrollRequest, Enrolled, Totp};

use super::{Failure, signed};
use crate::{
    factors::push,
    model::{Authenticator, Credential, Digest, PushCredentials, PushDevice},
    pipeline::Caller,
    state::Shared,
};

/// Bytes of the token with which the app manages its enrolment.
const TOKEN_BYTES: usize = 32;

/// The phone becomes the device of the enrolment.
pub(super) async fn handle(
    State(shared): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Enrolled>, Failure> {
    let ticket = signed::credentials(&headers, "Ticket")?;
    let ticket = ticket.strip_prefix("id=").unwrap_or(ticket).trim_matches('"');
    present(&shared, &caller, ticket, signed::body(&body)?).await.map(Json)
}

/// Presents a phone with the ticket of the QR code that it scanned.
///
/// # Errors
/// The QR code is unknown, over or taken; the phone's key or name cannot be used, or it is enrolled for the user already,
/// which leaves the QR code to another phone; the store failed.
pub(crate) async fn present(
    shared: &Shared,
    caller: &Caller,
    ticket: &str,
    request: EnrollRequest,
) -> Result<Enrolled, Failure> {
    let waiting = push::scanned(shared, ticket).await?;
    if let Some(transaction_id) = waiting.as_ref().and_then(|it| it.transaction_id.as_deref()) {
        caller.correlation.join(transaction_id);
    }
    let token = stepup_seal::token(shared.random.as_ref(), TOKEN_BYTES);
    let device = PushDevice {
        identifier: signed::name("identifier", request.identifier)?,
        name: signed::name("name", request.name)?,
        push: request.push_credentials.map(credentials).transpose()?,
        public_key: signed::public_key(&request.public_key)?,
        token: Digest::of(&token),
    };
    if let Some(waiting) = waiting
        && is_enrolled(shared, &waiting.user_id, &device.identifier).await?
    {
        return Err(Failure::DeviceAccountConflict);
    }
    let attached = push::attach(shared, caller, ticket, &device).await?;
    let attached = attached.ok_or(Failure::EnrollmentTransaction)?;
    let totp = match &attached.totp.credential {
        Credential::Totp { secret, .. } => Some(Totp {
            secret: secret.expose_secret().to_owned(),
            algorithm: "SHA1".to_owned(),
            digits: 6,
            period: 30,
        }),
        _ => None,
    };
    Ok(Enrolled {
        id: attached.push.device_id().to_owned(),
        url: shared.issuer.as_str().trim_end_matches('/').to_owned(),
        issuer: shared.config.friendly_name.clone(),
        user_id: attached.user.user_id,
        token,
        totp,
    })
}

/// Whether the phone that calls itself `identifier` is one of the user's.
async fn is_enrolled(shared: &Shared, user_id: &str, identifier: &str) -> Result<bool, Failure> {
    let is_it = |it: &Authenticator| matches!(&it.credential, Credential::Push { device: Some(device), .. } if device.identifier == identifier);
    Ok(shared.store.authenticators(user_id).await?.iter().any(is_it))
}

/// How notifications reach the app, as it says.
pub(super) fn credentials(given: guardian::PushCredentials) -> Result<PushCredentials, Failure> {
    if !matches!(given.service.as_str(), "APNS" | "GCM") {
        return Err(Failure::Validation("push_credentials.service must be APNS or GCM".to_owned()));
    }
    if given.token.is_empty() || given.token.len() > 4096 {
        return Err(Failure::Validation("push_credentials.token must have 1 to 4096 bytes".to_owned()));
    }
    Ok(PushCredentials { service: given.service, token: given.token.into() })
}
