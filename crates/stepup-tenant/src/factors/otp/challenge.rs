//! Nothing to send: the app is at hand.

use crate::{
    factors::Challenged,
    model::{Authenticator, Credential},
    oauth::error::{Failure, RequestFault},
};

/// The user reads the code off the app.
pub(super) fn challenge(authenticator: &Authenticator) -> Result<Challenged, Failure> {
    match &authenticator.credential {
        Credential::Totp { .. } => Ok(Challenged::AtHand),
        _ => Err(RequestFault::InvalidAuthenticator.into()),
    }
}
