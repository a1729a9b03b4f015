//! The beginning of an enrolment, on the wire and on the pages alike.

use secrecy::SecretString;
use stepup_protocol::mfa::FactorType;

use super::{Kind, Transaction, enrolled_on_purpose, of, oob::SendLimit, recovery_code};
use crate::{
    model::{Authenticator, Credential, Digest, OobAnswer, OobTransaction},
    oauth::error::Failure,
    store::Enrolment,
};

/// What a user gives to enrol; each factor takes its own.
#[derive(Clone, Copy)]
pub(crate) struct Details<'a> {
    /// E.164.
    pub(crate) phone_number: Option<&'a str>,
    /// An e-mail address; none: the user's own.
    pub(crate) email: Option<&'a str>,
    /// The recovery code that the user gets if this is the first enrolment.
    pub(crate) recovery_code: &'a str,
}

/// An enrolment that has begun: kept, and pending until it is confirmed.
#[derive(Debug)]
pub(crate) struct Begun {
    /// The id of the new authenticator.
    pub(crate) authenticator_id: String,
    /// What the user has to do.
    pub(crate) ceremony: Ceremony,
    /// Whether the user gets the recovery code: pending like the rest, and told this once.
    pub(crate) first: bool,
}

/// What a user has to do to confirm an enrolment.
#[derive(Debug)]
pub(crate) enum Ceremony {
    /// Put the secret into an app, and type the first code.
    App {
        /// The shared secret, base32.
        secret: SecretString,
        /// What goes into the QR code; holds the secret.
        barcode_uri: SecretString,
    },
    /// Type the code that was sent.
    Code {
        /// What the verification must carry.
        oob_code: SecretString,
    },
    /// Scan the QR code with the Guardian app.
    Scan {
        /// What the verification must carry.
        oob_code: SecretString,
        /// What goes into the QR code.
        barcode_uri: SecretString,
    },
}

/// Begins to enrol `kind`, which must be enabled and permitted.
///
/// # Errors
/// The details are not good, too much was sent, it could not be sent, or the store failed.
pub(crate) async fn enroll(
    transaction: &Transaction<'_>,
    kind: Kind,
    details: Details<'_>,
) -> Result<Begun, Failure> {
    let begun = of(kind).enroll(transaction, details).await;
    match &begun {
        Ok(begun) => transaction.log("gd_start_enroll", begun.authenticator_id.clone()).await,
        Err(failure) => transaction.log("gd_start_enroll_failed", failure.to_string()).await,
    }
    begun
}

/// Keeps the pending authenticators of an enrolment, the first of which is what the user asked for, and a recovery code
/// where this is the user's first. Returns whether it is.
pub(super) async fn keep(
    transaction: &Transaction<'_>,
    credentials: Vec<(String, Credential)>,
    oob: Option<(&Digest, &OobTransaction)>,
    new_code: &str,
) -> Result<bool, Failure> {
    let now = transaction.shared.clock.now();
    let pending = |(id, credential)| Authenticator {
        id,
        user_id: transaction.user.user_id.clone(),
        credential,
        name: None,
        created_at: now,
        confirmed_at: None,
        last_used_at: None,
    };
    let mut authenticators: Vec<_> = credentials.into_iter().map(pending).collect();
    let first = gets_recovery_code(transaction);
    if first {
        let credential = Credential::RecoveryCode {
            digest: recovery_code::digest(new_code),
            came_with: authenticators.first().map(|it| it.id.clone()),
        };
        authenticators.push(pending((transaction.new_id(credential.prefix()), credential)));
    }
    let shared = transaction.shared;
    // The QR code of a push enrolment is sent to nobody.
    let sent = oob.filter(|(_, it)| matches!(it.expects, OobAnswer::Code { .. }));
    let limit = sent.map(|(_, it)| SendLimit::of(&shared.config, it.channel));
    let counted = limit.as_ref().and_then(SendLimit::counted);
    let enrolment = Enrolment { authenticators: &authenticators, oob, limit: counted, now };
    match (shared.store.begin_enrolment(enrolment).await?, limit) {
        (Err(empty), Some(limit)) => Err(limit.exceeded(transaction, empty).await),
        _ => Ok(first),
    }
}

/// Whether a new enrolment brings a recovery code: to a user who holds none and has nothing enrolled.
fn gets_recovery_code(transaction: &Transaction<'_>) -> bool {
    let (config, held) = (&transaction.shared.config, transaction.held);
    let has_one = held.iter().any(|it| it.active() && it.factor() == FactorType::RecoveryCode);
    !has_one && !enrolled_on_purpose(config, held) && Kind::RecoveryCode.enabled(config)
}
