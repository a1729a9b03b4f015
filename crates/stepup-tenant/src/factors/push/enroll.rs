//! A QR code that the Guardian app scans.

use secrecy::{ExposeSecret as _, SecretString};
use stepup_protocol::mfa::OobChannel;

use crate::{
    factors::{Begun, Ceremony, Details, Transaction, enrolment, oob, otp},
    model::{Credential, Digest, OobAnswer},
    oauth::error::Failure,
};

/// Makes the QR code, and the pending authenticator that waits for its phone, with the app that comes along.
pub(super) async fn enroll(transaction: &Transaction<'_>, details: Details<'_>) -> Result<Begun, Failure> {
    let shared = transaction.shared;
    let (push_id, totp_id) = (transaction.new_id("push"), transaction.new_id("totp"));
    let ticket = SecretString::from(stepup_seal::base62(shared.random.as_ref(), 32));
    let expects = |_: &Digest| OobAnswer::Scan {
        ticket: Digest::of(ticket.expose_secret()),
        expires_at: shared.clock.now() + shared.config.mfa.push_qr_lifetime,
        first: transaction.first(),
    };
    let (oob_code, digest, waiting) = oob::begin(transaction, OobChannel::Auth0, &push_id, true, expects);
    let secret = otp::new_secret(shared.random.as_ref());
    let credentials = vec![
        (push_id.clone(), Credential::Push { device: None, totp: totp_id.clone() }),
        (totp_id, Credential::Totp { secret, last_step: None, push: Some(push_id.clone()) }),
    ];
    let first =
        enrolment::keep(transaction, credentials, Some((&digest, &waiting)), details.recovery_code).await?;
    let barcode_uri = barcode_uri(transaction, &ticket);
    Ok(Begun { authenticator_id: push_id, ceremony: Ceremony::Scan { oob_code, barcode_uri }, first })
}

/// What goes into the QR code: apps read the ticket, and the vendor's own the address too.
fn barcode_uri(transaction: &Transaction<'_>, ticket: &SecretString) -> SecretString {
    let (shared, user) = (transaction.shared, transaction.user);
    let label = otp::label(&shared.config.friendly_name, user.email.as_deref().unwrap_or(&user.name));
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("enrollment_tx_id", ticket.expose_secret())
        .append_pair("base_url", &super::payload::base_url(&shared.issuer))
        .finish();
    format!("otpauth://totp/{label}?{query}").into()
}
