//! The code that the app shows.

use stepup_protocol::mfa::FactorType;

use super::totp;
use crate::{
    factors::{Answer, Kind, Transaction, Verdict},
    mfa::requirement::{How, Passed},
    model::{Authenticator, BucketKind, Credential},
    oauth::error::Failure,
    store::Proof,
};

/// Judges a code of any app that the transaction accepts.
pub(super) async fn verify(transaction: &Transaction<'_>, answer: Answer<'_>) -> Result<Verdict, Failure> {
    let Answer::App { code, only } = answer else { return Ok(Verdict::Wrong) };
    let candidates: Vec<_> = transaction
        .held
        .iter()
        .filter(|it| only.is_none_or(|only| it.id == only))
        .filter_map(|it| Candidate::of(transaction, it))
        .collect();
    let overtaken = is_overtaken(transaction, code, only);
    if candidates.is_empty() && !may_ever(transaction) {
        return Ok(if overtaken { Verdict::AlreadyEnrolled } else { Verdict::NotAccepted });
    }
    if totp::is_malformed(code) {
        return Ok(Verdict::Malformed);
    }
    let config = &transaction.shared.config;
    let (now, window) = (transaction.shared.clock.now(), config.mfa.totp_window);
    let limit = config.mfa.limits.codes.map(|rule| (BucketKind::Code, rule));
    let newest = totp::newest_step(now, window);
    let matching = candidates.iter().filter_map(|it| Some((it, totp::check(it.secret, code, now, window)?)));
    // Two apps show the same code once in a million times; then the one that has not been used passes.
    let mut matching: Vec<_> = matching.collect();
    matching.sort_by_key(|(candidate, step)| {
        candidate.last_step.is_some_and(|last| (*step..=newest).contains(&last))
    });
    let verdict = match matching.first() {
        Some((candidate, step)) => {
            let proof = Proof::Totp { authenticator_id: &candidate.authenticator.id, step: *step, newest };
            transaction.prove(limit, Some(proof), candidate.passed).await?
        }
        None if overtaken => Verdict::AlreadyEnrolled,
        None => {
            let nothing = Passed { factor: FactorType::Otp, how: How::Challenged };
            transaction.prove(limit, None, nothing).await?
        }
    };
    transaction.log_verdict(verdict, "otp").await;
    Ok(verdict)
}

/// An app whose code would be accepted.
struct Candidate<'a> {
    authenticator: &'a Authenticator,
    secret: &'a secrecy::SecretString,
    last_step: Option<u64>,
    passed: Passed,
}

impl<'a> Candidate<'a> {
    fn of(transaction: &Transaction<'_>, authenticator: &'a Authenticator) -> Option<Self> {
        let Credential::Totp { secret, last_step, push } = &authenticator.credential else { return None };
        let (otp, question) = (FactorType::Otp, FactorType::PushNotification);
        let enabled = is_enabled(transaction);
        let (factor, how) = if !authenticator.active() {
            // The app of a push enrolment is confirmed by the phone that scans its QR code, and by nothing else.
            let may = enabled && push.is_none() && transaction.accepts_pending(otp);
            may.then_some((otp, How::Enrolled))?
        } else if enabled && transaction.accepts_active(otp) {
            (otp, How::Challenged)
        } else {
            // A phone without a network cannot be asked, but shows a code.
            let may = push.is_some()
                && Kind::Push.enabled(&transaction.shared.config)
                && transaction.acceptable.app_for_push();
            may.then_some((question, How::Challenged))?
        };
        Some(Self { authenticator, secret, last_step: *last_step, passed: Passed { factor, how } })
    }
}

/// Whether the code is of an app that could have been confirmed, had the user not enrolled something else first.
fn is_overtaken(transaction: &Transaction<'_>, code: &str, only: Option<&str>) -> bool {
    let (now, window) = (transaction.shared.clock.now(), transaction.shared.config.mfa.totp_window);
    transaction.overtaken()
        && transaction.held.iter().any(|it| match &it.credential {
            Credential::Totp { secret, push: None, .. } => {
                !it.active()
                    && only.is_none_or(|only| it.id == only)
                    && totp::check(secret, code, now, window).is_some()
            }
            _ => false,
        })
}

/// Whether a code of some app could be accepted, were there such an app.
fn may_ever(transaction: &Transaction<'_>) -> bool {
    let otp = FactorType::Otp;
    is_enabled(transaction) && (transaction.accepts_active(otp) || transaction.accepts_pending(otp))
}

fn is_enabled(transaction: &Transaction<'_>) -> bool {
    Kind::Otp.enabled(&transaction.shared.config)
}
