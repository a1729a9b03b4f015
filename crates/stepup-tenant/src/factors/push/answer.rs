//! What the phone does: it scans a QR code, and it answers questions. Who may do so is for its API to find out.

use crate::{
    factors::Kind,
    model::{Authenticator, Digest, OobTransaction, PushDevice, User},
    oauth::{audit::Audit, error::Failure},
    pipeline::Caller,
    state::Shared,
};

/// A push enrolment that got its phone.
#[derive(Debug)]
pub(crate) struct Attachment {
    /// Whose.
    pub(crate) user: User,
    /// The push authenticator, active.
    pub(crate) push: Authenticator,
    /// The authenticator app that comes with it, active too; the phone is told its secret.
    pub(crate) totp: Authenticator,
}

/// What a phone that scanned `enrollment_tx_id` is about to enrol in, if the QR code is still good.
///
/// # Errors
/// The store failed.
pub(crate) async fn scanned(
    shared: &Shared,
    enrollment_tx_id: &str,
) -> Result<Option<OobTransaction>, Failure> {
    use crate::model::{OobAnswer, PushState};
    let found = shared.store.oob_by_token(&Digest::of(enrollment_tx_id)).await?;
    let now = shared.clock.now();
    Ok(found.filter(|it| {
        it.state == PushState::Pending
            && matches!(&it.expects, OobAnswer::Scan { expires_at, .. } if now < *expires_at)
    }))
}

/// Makes `device` the phone of the enrolment whose QR code carries `enrollment_tx_id`: it and its app are active from now
/// on. Of two phones one gets it; nothing where the QR code is unknown, over or taken.
///
/// # Errors
/// The store failed.
pub(crate) async fn attach(
    shared: &Shared,
    caller: &Caller,
    enrollment_tx_id: &str,
    device: &PushDevice,
) -> Result<Option<Attachment>, Failure> {
    let ticket = Digest::of(enrollment_tx_id);
    let (usable, now) = (Kind::usable(&shared.config), shared.clock.now());
    let Some(attached) = shared.store.attach_device(&ticket, device, &usable, now).await? else {
        return Ok(None);
    };
    let Some(user) = shared.store.user(&attached.push.user_id).await? else { return Ok(None) };
    Audit::new(shared, caller)
        .user(&user)
        .describe(attached.push.id.clone())
        .write("gd_enrollment_complete")
        .await;
    Ok(Some(Attachment { user, push: attached.push, totp: attached.totp }))
}

/// Notes what the phone answered to the question `id`. Of two answers the first stands; false where there is nothing (any
/// more) to answer.
///
/// # Errors
/// The store failed.
pub(crate) async fn answer(shared: &Shared, id: &str, approved: bool) -> Result<bool, Failure> {
    Ok(shared.store.answer_push(id, approved, shared.clock.now()).await?)
}
