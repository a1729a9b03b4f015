//! What the factors have in common that send a code: text message, call and e-mail.

pub(crate) mod code;
pub(crate) mod mailbox;
mod message;
mod send;

use futures_util::future::BoxFuture;
use secrecy::SecretString;
use stepup_protocol::mfa::OobChannel;

use self::code::BindingCode;
pub(crate) use self::message::says_code;
pub(super) use self::send::SendLimit;
use super::{Answer, Begun, Ceremony, Challenged, Kind, Transaction, Verdict, email, enrolment};
use crate::{
    mfa::{
        iron,
        requirement::{How, Passed},
    },
    model::{Authenticator, BucketKind, Credential, Digest, OobAnswer, OobTransaction},
    oauth::error::Failure,
    store::Proof,
};

/// Judges the answer to what was sent under `oob_code`, which must belong to this very transaction.
///
/// # Errors
/// The store failed.
pub(crate) async fn answer(
    transaction: &Transaction<'_>,
    oob_code: &Digest,
    binding_code: Option<&str>,
) -> Result<Verdict, Failure> {
    match under_way(transaction, oob_code).await? {
        Ok(sent) => super::verify(transaction, Answer::Oob { oob_code, sent: &sent, binding_code }).await,
        Err(verdict) => Ok(verdict),
    }
}

/// What was sent under `oob_code`, if it belongs to this very transaction and still works; else the verdict on any answer.
async fn under_way(
    transaction: &Transaction<'_>,
    oob_code: &Digest,
) -> Result<Result<OobTransaction, Verdict>, Failure> {
    let Some(sent) = transaction.shared.store.oob(oob_code).await? else { return Ok(Err(Verdict::Unknown)) };
    let client_id = transaction.client.map(|client| client.client_id.as_str());
    let mine = sent.owner == transaction.owner
        && sent.user_id == transaction.user.user_id
        && sent.client_id.as_deref() == client_id;
    if !mine {
        return Ok(Err(Verdict::Foreign));
    }
    if transaction.shared.clock.now() >= sent.expires_at {
        return Ok(Err(Verdict::Expired));
    }
    Ok(Ok(sent))
}

/// A new transaction over `channel`, as yet in memory only: the `oob_code` that the client holds, what is kept of it, and
/// what that stands for. What it expects may depend on what is kept.
pub(super) fn begin(
    transaction: &Transaction<'_>,
    channel: OobChannel,
    authenticator_id: &str,
    enrolls: bool,
    expects: impl FnOnce(&Digest) -> OobAnswer,
) -> (SecretString, Digest, OobTransaction) {
    let shared = transaction.shared;
    let now = shared.clock.now();
    let expires_at = now + shared.config.mfa.oob_code_lifetime;
    let oob_code = iron::oob_code(shared.random.as_ref(), now, expires_at);
    let digest = Digest::of(&oob_code);
    let begun = OobTransaction {
        id: format!("oob_{}", stepup_seal::base62(shared.random.as_ref(), 16)),
        user_id: transaction.user.user_id.clone(),
        client_id: transaction.client.map(|client| client.client_id.clone()),
        authenticator_id: authenticator_id.to_owned(),
        channel,
        owner: transaction.owner,
        enrolls,
        expects: expects(&digest),
        state: crate::model::PushState::Pending,
        transaction_id: transaction.caller.correlation.known().map(str::to_owned),
        created_at: now,
        expires_at,
    };
    (oob_code.into(), digest, begun)
}

/// Keeps what is about to be sent, if the user's limit allows it.
///
/// # Errors
/// It does not; or the store failed.
pub(super) async fn keep(
    transaction: &Transaction<'_>,
    oob_code: &Digest,
    sent: &OobTransaction,
) -> Result<(), Failure> {
    let limit = SendLimit::of(&transaction.shared.config, sent.channel);
    match transaction.shared.store.insert_oob(oob_code, sent, limit.counted()).await? {
        Ok(()) => Ok(()),
        Err(empty) => Err(limit.exceeded(transaction, empty).await),
    }
}

/// Begins to enrol what `credential` says, and sends the code that confirms it to `to`.
pub(super) fn enroll<'a>(
    transaction: &'a Transaction<'a>,
    channel: OobChannel,
    to: String,
    credential: Credential,
    new_code: &'a str,
) -> BoxFuture<'a, Result<Begun, Failure>> {
    Box::pin(async move {
        let authenticator_id = transaction.new_id(credential.prefix());
        let binding_code = BindingCode::draw(transaction.shared.random.as_ref());
        let keys = &transaction.shared.keys;
        let expects =
            |digest: &Digest| OobAnswer::Code { binding: binding_code.digest(keys, digest), address: None };
        let (oob_code, digest, sent) = begin(transaction, channel, &authenticator_id, true, expects);
        let credentials = vec![(authenticator_id.clone(), credential)];
        let first = enrolment::keep(transaction, credentials, Some((&digest, &sent)), new_code).await?;
        send::send(transaction, channel, &to, &binding_code, true).await?;
        Ok(Begun { authenticator_id, ceremony: Ceremony::Code { oob_code }, first })
    })
}

/// Sends a code to `to`, where `authenticator` reaches its user.
pub(super) fn challenge<'a>(
    transaction: &'a Transaction<'a>,
    channel: OobChannel,
    to: &'a str,
    authenticator: &'a Authenticator,
) -> BoxFuture<'a, Result<Challenged, Failure>> {
    Box::pin(async move {
        let binding_code = BindingCode::draw(transaction.shared.random.as_ref());
        let keys = &transaction.shared.keys;
        let is_automatic = email::is_automatic(&authenticator.user_id, &authenticator.id);
        let expects = |digest: &Digest| OobAnswer::Code {
            binding: binding_code.digest(keys, digest),
            address: is_automatic.then(|| to.to_owned()),
        };
        let enrolls = !authenticator.active();
        let (oob_code, digest, sent) = begin(transaction, channel, &authenticator.id, enrolls, expects);
        keep(transaction, &digest, &sent).await?;
        send::send(transaction, channel, to, &binding_code, enrolls).await?;
        Ok(Challenged::Sent { oob_code, prompt: true })
    })
}

/// Judges the code that was typed.
pub(super) fn verify<'a>(
    transaction: &'a Transaction<'a>,
    kind: Kind,
    answer: Answer<'a>,
) -> BoxFuture<'a, Result<Verdict, Failure>> {
    Box::pin(async move {
        let Answer::Oob { oob_code, sent, binding_code } = answer else { return Ok(Verdict::Wrong) };
        let OobAnswer::Code { binding, address } = &sent.expects else { return Ok(Verdict::Wrong) };
        let passed = match acceptable(transaction, kind, sent) {
            Ok(passed) => passed,
            Err(refused) => return Ok(refused),
        };
        // The automatic e-mail keeps its id when the profile's address changes; the code proves where it went.
        if address.is_some() && *address != transaction.user.email {
            return Ok(Verdict::Expired);
        }
        let Some(typed) = binding_code else { return Ok(Verdict::Missing) };
        let right = BindingCode::typed(typed)
            .is_some_and(|typed| typed.digest(&transaction.shared.keys, oob_code).same(binding));
        let held = transaction.held.iter().find(|it| it.id == sent.authenticator_id);
        let has_row = !email::is_automatic(&sent.user_id, &sent.authenticator_id);
        let proof = (right && held.is_some()).then_some(Proof::Code {
            oob_code,
            authenticator_id: has_row.then_some(sent.authenticator_id.as_str()),
        });
        let limit = transaction.shared.config.mfa.limits.codes.map(|rule| (BucketKind::Code, rule));
        let verdict = transaction.prove(limit, proof, passed).await?;
        transaction.log_verdict(verdict, kind.prefix()).await;
        Ok(verdict)
    })
}

/// What an answer to `sent` would prove, if the transaction accepts that; else the verdict on any.
pub(super) fn acceptable(
    transaction: &Transaction<'_>,
    kind: Kind,
    sent: &OobTransaction,
) -> Result<Passed, Verdict> {
    let factor = kind.factor();
    let (accepted, how) = if sent.enrolls {
        (transaction.accepts_pending(factor), How::Enrolled)
    } else {
        (transaction.accepts_active(factor), How::Challenged)
    };
    if accepted && kind.enabled(&transaction.shared.config) {
        Ok(Passed { factor, how })
    } else if sent.enrolls && transaction.overtaken() {
        Err(Verdict::AlreadyEnrolled)
    } else {
        Err(Verdict::NotAccepted)
    }
}
