//! Enrol a factor: an app, a phone number or an address, a phone that will be asked.

pub(super) mod app;
pub(super) mod contact;
pub(super) mod push;

use axum::response::Response;
use serde::{Deserialize, Serialize};
use stepup_protocol::mfa::FactorType;

use super::{
    asked::{Asked, Way},
    path, recovery,
    visit::{Lost, NewCode, Visit},
};
use crate::{
    factors::{self, Begun, Details, Kind},
    mfa::requirement::Passed,
    model::Authenticator,
    oauth::error::Failure,
};

/// The enrolment that a login has begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Enrolling {
    /// What.
    pub(super) kind: Kind,
    /// The pending authenticator.
    pub(super) authenticator_id: String,
    /// Whether the user gets a recovery code with it.
    first: bool,
    /// What the QR code of a push enrolment says, sealed for the browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) barcode: Option<String>,
}

/// Whoever may enrol `kind` in this login.
pub(super) async fn due(visit: &Visit, kind: Kind) -> Result<Option<Asked>, Lost> {
    if is_due(visit, kind) { asked(visit).await } else { Ok(None) }
}

/// Whoever this login is to enrol something for; none where it has been overtaken.
pub(super) async fn asked(visit: &Visit) -> Result<Option<Asked>, Lost> {
    Ok(Asked::of(visit).await?.filter(|asked| !is_overtaken(visit, asked)))
}

/// Whether this login waits for an enrolment that cannot come any more: [`Acceptable::overtaken`]. What it has begun itself
/// does not count: a phone that scans a QR code is the user's before the page comes to know.
///
/// [`Acceptable::overtaken`]: crate::factors::Acceptable::overtaken
pub(super) fn is_overtaken(visit: &Visit, asked: &Asked) -> bool {
    let own = visit.kept.enrolling.as_ref().map(|it| it.authenticator_id.as_str());
    let is_own =
        |it: &Authenticator| own.is_some_and(|own| it.id == own || it.credential.twin() == Some(own));
    let others = asked.held.iter().filter(|it| !is_own(it));
    visit.progress.enrolment().is_some()
        && asked.transaction(visit).acceptable.overtaken(&visit.shared.config, others)
}

/// Whether `kind` may be enrolled in this login.
pub(super) fn is_due(visit: &Visit, kind: Kind) -> bool {
    let asked = visit.progress.enrolment().is_some_and(|choice| choice.factors.contains(&kind.factor()));
    asked && kind.enabled(&visit.shared.config)
}

/// What waits for the code that was sent to it; none where it was removed or switched off in the meantime.
pub(super) fn to_confirm<'a>(visit: &Visit, asked: &'a Asked) -> Option<Way<'a>> {
    let Enrolling { kind, authenticator_id, .. } = visit.kept.enrolling.as_ref()?;
    let by_code = matches!(kind, Kind::Email | Kind::Sms | Kind::Voice);
    let authenticator = asked.authenticator(authenticator_id).filter(|it| !it.active())?;
    (by_code && is_due(visit, *kind)).then_some(Way { kind: *kind, authenticator })
}

/// Whether something else may be enrolled instead.
pub(super) fn has_other_ways(visit: &Visit) -> bool {
    visit.progress.enrolment().is_some_and(|choice| choice.factors.len() > 1)
}

/// Where `factor` is enrolled; none for what no page enrols.
pub(super) fn page_of(visit: &Visit, factor: FactorType) -> Option<&'static str> {
    const KINDS: [Kind; 5] = [Kind::Push, Kind::Otp, Kind::Sms, Kind::Voice, Kind::Email];
    let kind =
        KINDS.into_iter().find(|kind| kind.factor() == factor && kind.enabled(&visit.shared.config))?;
    Some(factors::of(kind).pages().enroll)
}

/// What a user gives to enrol.
#[derive(Clone, Copy, Default)]
struct Given<'a> {
    phone_number: Option<&'a str>,
    email: Option<&'a str>,
}

/// Begins an enrolment and notes it with the login; the caller saves the visit.
async fn begin(
    visit: &mut Visit,
    asked: &Asked,
    kind: Kind,
    given: Given<'_>,
) -> Result<Result<Begun, Failure>, Lost> {
    let new_code = recovery::new_code(visit, NewCode::FirstFactor);
    let Given { phone_number, email } = given;
    let details = Details { phone_number, email, recovery_code: &new_code };
    let begun = factors::enroll(&asked.transaction(visit), kind, details).await;
    if let Ok(begun) = &begun {
        visit.kept.enrolling = Some(Enrolling {
            kind,
            authenticator_id: begun.authenticator_id.clone(),
            first: begun.first,
            barcode: None,
        });
    }
    Ok(begun)
}

/// The enrolment is complete: a ticket is spent by it, a first factor brings a recovery code.
pub(super) async fn complete(mut visit: Visit, asked: &Asked, passed: Passed) -> Result<Response, Lost> {
    let Some(enrolling) = visit.kept.enrolling.clone() else { return Ok(visit.go(path::RESUME)) };
    if let Some(ticket) = visit.kept.ticket {
        let store = &visit.shared.store;
        let taken = store.take_ticket(&ticket).await.map_err(|error| visit.failed(error))?;
        if taken.is_none() {
            // Somebody else has used the link in the meantime: it enrols one factor, not two.
            let id = &enrolling.authenticator_id;
            let deleted = store.delete_authenticator(&asked.user.user_id, id).await;
            deleted.map_err(|error| visit.failed(error))?;
            return Err(Lost::Ticket(visit.shared.clone()));
        }
    }
    if enrolling.first {
        visit.kept.recovery_code = Some(NewCode::FirstFactor);
    }
    visit.kept.forget_way();
    visit.progress.pass(passed.factor, passed.how, visit.shared.clock.now());
    visit.save().await?;
    Ok(visit.go(path::RESUME))
}
