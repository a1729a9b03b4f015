//! A code to the address of the profile. It proves the mailbox of a user who has no factor, and is none itself.

use stepup_protocol::mfa::{FactorType, OobChannel};

use super::{BindingCode, begin, keep, under_way};
use crate::{
    dbconnections::mail,
    factors::{Challenged, Transaction, Verdict},
    mfa::requirement::{How, Passed},
    model::{Authenticator, BucketKind, Credential, Digest, OobAnswer},
    oauth::error::{Failure, RequestFault},
    store::Proof,
};

/// Mails a code to `profile`, the address of the user's profile.
///
/// # Errors
/// Too much was sent, it could not be sent, or the store failed.
pub(crate) async fn send(
    transaction: &Transaction<'_>,
    profile: &Authenticator,
) -> Result<Challenged, Failure> {
    let Credential::Email { address } = &profile.credential else {
        return Err(RequestFault::InvalidAuthenticator.into());
    };
    let shared = transaction.shared;
    let code = BindingCode::draw(shared.random.as_ref());
    let expects = |digest: &Digest| OobAnswer::Mailbox {
        address: address.clone(),
        binding: code.digest(&shared.keys, digest),
    };
    let (oob_code, digest, sent) = begin(transaction, OobChannel::Email, &profile.id, false, expects);
    keep(transaction, &digest, &sent).await?;
    mail::unusual_login(shared, transaction.user, address, code.secret()).await?;
    transaction.log("svr", address).await;
    Ok(Challenged::Sent { oob_code, prompt: true })
}

/// Judges the code that was typed. The right one is spent, and the address that it went to is verified, as long as it is
/// still the one of the profile.
///
/// # Errors
/// The store failed.
pub(crate) async fn verify(
    transaction: &Transaction<'_>,
    oob_code: &Digest,
    typed: &str,
) -> Result<Verdict, Failure> {
    let shared = transaction.shared;
    let sent = match under_way(transaction, oob_code).await? {
        Ok(sent) => sent,
        Err(verdict) => return Ok(verdict),
    };
    let OobAnswer::Mailbox { address, binding } = &sent.expects else { return Ok(Verdict::Foreign) };
    if transaction.user.email.as_ref() != Some(address) {
        return Ok(Verdict::Expired);
    }
    let right =
        BindingCode::typed(typed).is_some_and(|typed| typed.digest(&shared.keys, oob_code).same(binding));
    let proof = right.then_some(Proof::Code { oob_code, authenticator_id: None });
    let limit = shared.config.mfa.limits.codes.map(|rule| (BucketKind::Code, rule));
    let passed = Passed { factor: FactorType::Email, how: How::Challenged };
    let verdict = transaction.prove(limit, proof, passed).await?;
    match verdict {
        Verdict::Passed(_) => {
            let now = shared.clock.now();
            if !shared.store.verify_email(&transaction.user.user_id, address, now).await? {
                return Ok(Verdict::Expired);
            }
            transaction.log("sv", address).await;
        }
        Verdict::TooMany(_) => transaction.log("gd_otp_rate_limit_exceed", address).await,
        _ => transaction.log("fv", address).await,
    }
    Ok(verdict)
}
