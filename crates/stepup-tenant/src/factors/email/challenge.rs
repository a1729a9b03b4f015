//! A code to an enrolled address.

use stepup_protocol::mfa::OobChannel;

use crate::{
    factors::{Challenged, Transaction, oob},
    model::{Authenticator, Credential},
    oauth::error::{Failure, RequestFault},
};

/// Sends a code.
pub(super) async fn challenge(
    transaction: &Transaction<'_>,
    authenticator: &Authenticator,
) -> Result<Challenged, Failure> {
    match &authenticator.credential {
        Credential::Email { address } => {
            oob::challenge(transaction, OobChannel::Email, address, authenticator).await
        }
        _ => Err(RequestFault::InvalidAuthenticator.into()),
    }
}
