//! The beginning of an enrolment, on the wire and on the pages alike.

use secrecy::SecretString;
use stepup_protocol::mfa::FactorType;

use crate::{
    factors::{otp, recovery_code},
    model::{Authenticator, Credential, User},
    oauth::error::Failure,
    state::Shared,
};

/// A new authenticator app: kept, and pending until a code from it is verified.
#[derive(Debug)]
pub(crate) struct BegunApp {
    /// Its id.
    pub(crate) authenticator_id: String,
    /// The shared secret, base32.
    pub(crate) secret: SecretString,
    /// What goes into the QR code; holds the secret.
    pub(crate) barcode_uri: String,
    /// Where this is the first enrolment: pending like the app, and told this once.
    pub(crate) recovery_code: Option<String>,
}

/// Begins to enrol an authenticator app for `user`, who holds `held`; `new_code` makes the recovery code, if there is to be one.
///
/// # Errors
/// The store failed.
pub(crate) async fn begin_app(
    shared: &Shared,
    user: &User,
    held: &[Authenticator],
    new_code: impl FnOnce() -> String,
) -> Result<BegunApp, Failure> {
    let secret = otp::new_secret(shared.random.as_ref());
    let account = user.email.as_deref().unwrap_or(&user.name);
    let barcode_uri = otp::barcode_uri(&shared.config.friendly_name, account, &secret);
    let authenticator_id =
        insert(shared, user, Credential::Totp { secret: secret.clone(), last_step: None }).await?;
    let recovery_code = first_recovery_code(shared, user, held, new_code).await?;
    Ok(BegunApp { authenticator_id, secret, barcode_uri, recovery_code })
}

/// Whether the user has an active authenticator that did not come by itself, as the automatic e-mail and recovery codes do.
pub(crate) fn enrolled_on_purpose(held: &[Authenticator]) -> bool {
    held.iter().any(|it| {
        it.active() && !matches!(it.credential.factor(), FactorType::Email | FactorType::RecoveryCode)
    })
}

/// A recovery code for a user who holds none and has nothing enrolled. An enrolment that is begun again replaces it.
async fn first_recovery_code(
    shared: &Shared,
    user: &User,
    held: &[Authenticator],
    new_code: impl FnOnce() -> String,
) -> Result<Option<String>, Failure> {
    let has_one = held.iter().any(|it| it.active() && it.credential.factor() == FactorType::RecoveryCode);
    if has_one || enrolled_on_purpose(held) || !shared.config.factors.enabled(FactorType::RecoveryCode) {
        return Ok(None);
    }
    let code = new_code();
    insert(shared, user, Credential::RecoveryCode { digest: recovery_code::digest(&code) }).await?;
    Ok(Some(code))
}

async fn insert(shared: &Shared, user: &User, credential: Credential) -> Result<String, Failure> {
    let device = stepup_seal::base62(shared.random.as_ref(), 16);
    let authenticator = Authenticator {
        id: format!("{}|dev_{device}", credential.prefix()),
        user_id: user.user_id.clone(),
        credential,
        created_at: shared.clock.now(),
        confirmed_at: None,
        last_used_at: None,
    };
    shared.store.insert_authenticator(&authenticator).await?;
    Ok(authenticator.id)
}
