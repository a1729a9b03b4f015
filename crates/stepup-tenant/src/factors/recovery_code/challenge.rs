//! Nothing to send: the user has kept it.

use crate::{
    factors::Challenged,
    model::{Authenticator, Credential},
    oauth::error::{Failure, RequestFault},
};

/// The user looks it up.
pub(super) fn challenge(authenticator: &Authenticator) -> Result<Challenged, Failure> {
    match &authenticator.credential {
        Credential::RecoveryCode { .. } => Ok(Challenged::AtHand),
        _ => Err(RequestFault::InvalidAuthenticator.into()),
    }
}
