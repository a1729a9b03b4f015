//! What the phone has answered, if it has.

use crate::{
    factors::{Answer, Kind, Transaction, Verdict, oob},
    mfa::requirement::{How, Passed},
    model::{Credential, OobAnswer, OobTransaction},
    oauth::error::Failure,
    store::Proof,
};

/// Looks once: each look may find that the phone has not answered, and comes too soon after the last one.
pub(super) async fn verify(transaction: &Transaction<'_>, answer: Answer<'_>) -> Result<Verdict, Failure> {
    let Answer::Oob { oob_code, sent, .. } = answer else { return Ok(Verdict::Wrong) };
    // Taken away in the meantime: no phone will answer.
    if !transaction.held.iter().any(|it| it.id == sent.authenticator_id) {
        return Ok(Verdict::NotAccepted);
    }
    let passed = match acceptable(transaction, sent) {
        Ok(passed) => passed,
        Err(refused) => return Ok(refused),
    };
    let proof = Proof::Push {
        oob_code,
        authenticator_id: &sent.authenticator_id,
        interval: transaction.shared.config.mfa.push_poll_interval,
    };
    let verdict = transaction.prove(None, Some(proof), passed).await?;
    // That an enrolment is complete was told when the phone scanned the code.
    if passed.how == How::Challenged {
        transaction.log_verdict(verdict, Kind::Push.prefix()).await;
    }
    Ok(verdict)
}

/// What an answer would prove. The phone that scans a QR code makes the enrolment active, so this one is the user's already
/// when it is looked at; whether it could be begun was judged when it was.
fn acceptable(transaction: &Transaction<'_>, sent: &OobTransaction) -> Result<Passed, Verdict> {
    let scanned = transaction.held.iter().any(|it| {
        it.id == sent.authenticator_id && it.active() && matches!(it.credential, Credential::Push { .. })
    });
    let enrolled_here = matches!(sent.expects, OobAnswer::Scan { .. }) && scanned;
    if enrolled_here && Kind::Push.enabled(&transaction.shared.config) {
        return Ok(Passed { factor: Kind::Push.factor(), how: How::Enrolled });
    }
    oob::acceptable(transaction, Kind::Push, sent)
}
