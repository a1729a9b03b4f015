//! A secret that a user puts into an app.

use secrecy::{ExposeSecret as _, SecretString};

use super::totp;
use crate::{
    factors::{Begun, Ceremony, Details, Transaction, enrolment},
    model::Credential,
    oauth::error::Failure,
};

/// Draws the secret.
pub(super) async fn enroll(transaction: &Transaction<'_>, details: Details<'_>) -> Result<Begun, Failure> {
    let secret = totp::new_secret(transaction.shared.random.as_ref());
    let credential = Credential::totp(secret.clone());
    let authenticator_id = transaction.new_id(credential.prefix());
    let credentials = vec![(authenticator_id.clone(), credential)];
    let first = enrolment::keep(transaction, credentials, None, details.recovery_code).await?;
    let barcode_uri = barcode_uri(transaction, &secret);
    Ok(Begun { authenticator_id, ceremony: Ceremony::App { secret, barcode_uri }, first })
}

fn barcode_uri(transaction: &Transaction<'_>, secret: &SecretString) -> SecretString {
    let user = transaction.user;
    let account = user.email.as_deref().unwrap_or(&user.name);
    totp::barcode_uri(&transaction.shared.config.friendly_name, account, secret.expose_secret()).into()
}
