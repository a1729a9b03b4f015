//! A question to the user's phone.

use secrecy::{ExposeSecret as _, SecretString};
use stepup_protocol::mfa::OobChannel;

use super::payload;
use crate::{
    delivery::{Outgoing, Purpose},
    factors::{Challenged, Transaction, oob},
    model::{Authenticator, Channel, Credential, Digest, OobAnswer},
    oauth::error::{Failure, RequestFault},
};

/// Asks the phone.
pub(super) async fn challenge(
    transaction: &Transaction<'_>,
    authenticator: &Authenticator,
) -> Result<Challenged, Failure> {
    let Credential::Push { device: Some(device), .. } = &authenticator.credential else {
        return Err(RequestFault::InvalidAuthenticator.into());
    };
    let shared = transaction.shared;
    let token = SecretString::from(stepup_seal::token(shared.random.as_ref(), 32));
    let challenge = stepup_seal::token(shared.random.as_ref(), 32);
    let payload = payload::payload(transaction, authenticator.device_id(), &challenge);
    let expects = |_: &Digest| OobAnswer::Push {
        token: Digest::of(token.expose_secret()),
        challenge,
        payload: payload.clone(),
    };
    let (oob_code, digest, asked) =
        oob::begin(transaction, OobChannel::Auth0, &authenticator.id, false, expects);
    oob::keep(transaction, &digest, &asked).await?;
    let service = device.push.as_ref().map(|push| push.service.as_str());
    let notification = payload::notification(payload, &asked.id, &token, service);
    let outgoing = Outgoing {
        channel: Channel::Push,
        to: authenticator.id.clone(),
        purpose: Purpose::SecondFactor,
        user_id: Some(transaction.user.user_id.clone()),
        code: None,
        subject: None,
        body: notification.to_string(),
    };
    transaction.send(outgoing).await?;
    Ok(Challenged::Sent { oob_code, prompt: false })
}
