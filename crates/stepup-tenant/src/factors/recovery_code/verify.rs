//! The code that was kept: spent when it is right, and replaced at once.

use stepup_protocol::mfa::FactorType;

use super::code;
use crate::{
    factors::{Answer, Kind, Transaction, Verdict},
    mfa::requirement::{How, Passed},
    model::BucketKind,
    oauth::error::Failure,
    store::Proof,
};

/// Judges the code.
pub(super) async fn verify(transaction: &Transaction<'_>, answer: Answer<'_>) -> Result<Verdict, Failure> {
    let Answer::RecoveryCode { code: typed, replacement } = answer else { return Ok(Verdict::Wrong) };
    let config = &transaction.shared.config;
    if !transaction.accepts_active(FactorType::RecoveryCode) || !Kind::RecoveryCode.enabled(config) {
        return Ok(Verdict::NotAccepted);
    }
    let Some(typed) = code::normalized(typed) else { return Ok(Verdict::Malformed) };
    let (presented, replacement) = (code::digest(&typed), code::digest(replacement));
    let proof = Proof::RecoveryCode { presented: &presented, replacement: &replacement };
    let limit = config.mfa.limits.recovery_codes.map(|rule| (BucketKind::RecoveryCode, rule));
    let passed = Passed { factor: FactorType::RecoveryCode, how: How::Challenged };
    let verdict = transaction.prove(limit, Some(proof), passed).await?;
    let event = match verdict {
        Verdict::Passed(_) => "gd_recovery_succeed",
        Verdict::TooMany(_) => "gd_recovery_rate_limit_exceed",
        _ => "gd_recovery_failed",
    };
    transaction.log(event, "recovery-code").await;
    Ok(verdict)
}
