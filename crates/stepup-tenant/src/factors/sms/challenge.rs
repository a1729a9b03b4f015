//! A code to an enrolled phone.

use crate::{
    factors::{Challenged, Transaction, phone},
    model::{Authenticator, PhoneChannel},
    oauth::error::Failure,
};

/// Sends a code, by text message.
pub(super) async fn challenge(
    transaction: &Transaction<'_>,
    authenticator: &Authenticator,
) -> Result<Challenged, Failure> {
    phone::challenge(transaction, PhoneChannel::Sms, authenticator).await
}
