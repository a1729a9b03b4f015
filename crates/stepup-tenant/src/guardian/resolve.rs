//! `POST {base}/api/resolve-transaction`: the phone says yes or no.

use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri};
use stepup_protocol::guardian::{ChallengeResponse, Resolve};

use super::{Failure, signed};
use crate::{
    factors::push,
    model::{Credential, Digest, OobAnswer, OobTransaction, PushDevice, PushState},
    pipeline::Caller,
    state::Shared,
};

/// How long an answer is good, in seconds.
const LIFETIME: i64 = 30;

/// Takes the phone's answer.
pub(super) async fn handle(
    State(shared): State<Shared>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let token = signed::credentials(&headers, "Bearer")?;
    let Resolve { challenge_response } = signed::body(&body)?;
    let called = shared.issuer.endpoint(uri.path().trim_start_matches('/'));
    settle(&shared, &caller, token, &challenge_response, &called).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes what a phone signed for the question that `token` (`txtkn`) stands for.
///
/// # Errors
/// Nothing is asked (any more) under this token; the answer is not the phone's, not for this question, or not of now; the
/// store failed.
pub(crate) async fn settle(
    shared: &Shared,
    caller: &Caller,
    token: &str,
    challenge_response: &str,
    called: &str,
) -> Result<(), Failure> {
    let (asked, challenge, device) = question(shared, caller, token).await?;
    let response: ChallengeResponse = signed::claims(&device, challenge_response)?;
    signed::fresh(response.iat, response.exp, LIFETIME, shared.clock.now())?;
    if response.aud != called {
        return Err(Failure::Token("its aud is not the address that was called"));
    }
    if response.iss != device.identifier {
        return Err(Failure::Token("its iss is not the enrolled device"));
    }
    if response.sub != challenge {
        return Err(Failure::Token("its sub is not the challenge that was sent"));
    }
    if response.auth0_guardian_method != "push" {
        return Err(Failure::Token("its auth0_guardian_method is not push"));
    }
    if push::answer(shared, &asked.id, response.auth0_guardian_accepted).await? {
        Ok(())
    } else {
        Err(Failure::LoginTransaction)
    }
}

/// The question that `token` stands for, what was to be signed, and the phone that was asked.
pub(super) async fn question(
    shared: &Shared,
    caller: &Caller,
    token: &str,
) -> Result<(OobTransaction, String, PushDevice), Failure> {
    let now = shared.clock.now();
    let asked = shared.store.oob_by_token(&Digest::of(token)).await?;
    let asked = asked.filter(|it| it.state == PushState::Pending && now < it.expires_at);
    let asked = asked.ok_or(Failure::LoginTransaction)?;
    let OobAnswer::Push { challenge, .. } = &asked.expects else { return Err(Failure::LoginTransaction) };
    let challenge = challenge.clone();
    if let Some(transaction_id) = &asked.transaction_id {
        caller.correlation.join(transaction_id);
    }
    let device_id = asked.authenticator_id.split_once('|').map_or("", |(_, device_id)| device_id);
    let authenticator = shared.store.enrollment(device_id).await?.ok_or(Failure::DeviceAccount)?;
    match authenticator.credential {
        Credential::Push { device: Some(device), .. } => Ok((asked, challenge, *device)),
        _ => Err(Failure::DeviceAccount),
    }
}
