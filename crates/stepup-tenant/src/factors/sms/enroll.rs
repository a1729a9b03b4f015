//! A number to which a code was sent.

use crate::{
    factors::{Begun, Details, Transaction, phone},
    model::PhoneChannel,
    oauth::error::Failure,
};

/// Sends the first code to the number, by text message.
pub(super) async fn enroll(transaction: &Transaction<'_>, details: Details<'_>) -> Result<Begun, Failure> {
    phone::enroll(transaction, PhoneChannel::Sms, details).await
}
