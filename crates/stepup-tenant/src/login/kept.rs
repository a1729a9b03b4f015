//! What the pages remember of a login between two requests.

use serde::{Deserialize, Serialize};
use stepup_protocol::mfa::FactorType;

use super::{asked::Way, enroll::Enrolling, sent::Sent};
use crate::{
    factors::Kind,
    model::{Authenticator, Digest},
};

/// What the pages keep with a login between two requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// The factor that the user chose to enrol, among those that are due.
    pub(super) enroll: Option<FactorType>,
    /// The way of proving a factor that the user chose.
    pub(super) way: Option<Chosen>,
    /// What is being enrolled.
    pub(super) enrolling: Option<Enrolling>,
    /// The user has enrolled something elsewhere while this login waited for an enrolment: it is asked for instead.
    pub(super) overtaken: bool,
    /// What was sent: the last to each authenticator in each way.
    sent: Vec<Sent>,
    /// The tick of the page that waits for a phone, which loads itself again: this browser is not to be asked again.
    pub(super) remember_browser: bool,
    /// A new recovery code is to be shown, because of this.
    pub(super) recovery_code: Option<NewCode>,
    /// The user is asked whether the application may do what it wants.
    pub(super) asks_consent: bool,
    /// The user agreed.
    pub(super) consented: bool,
    /// The ticket that stands in place of a login to an application.
    pub(super) ticket: Option<Digest>,
}

/// A way that a user chose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Chosen {
    kind: Kind,
    authenticator_id: String,
}

impl Chosen {
    /// Whether it is this one.
    pub(super) fn is(&self, kind: Kind, authenticator: &Authenticator) -> bool {
        self.kind == kind && self.authenticator_id == authenticator.id
    }

    /// How the factor is proved.
    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }
}

impl Kept {
    /// What is kept where a ticket stands in place of a login.
    pub(super) fn of_ticket(ticket: Digest) -> Self {
        Self { ticket: Some(ticket), ..Self::default() }
    }

    /// Notes the user's choice.
    pub(super) fn choose(&mut self, way: Way<'_>) {
        self.way = Some(Chosen { kind: way.kind, authenticator_id: way.authenticator.id.clone() });
    }

    /// What was sent last to this authenticator in this way.
    pub(super) fn sent(&self, kind: Kind, authenticator: &Authenticator) -> Option<&Sent> {
        self.sent_to(kind, &authenticator.id).filter(|sent| sent.reaches(authenticator))
    }

    /// The same, by the authenticator's id.
    pub(super) fn sent_to(&self, kind: Kind, authenticator_id: &str) -> Option<&Sent> {
        self.sent.iter().find(|sent| sent.went(kind, authenticator_id))
    }

    /// Notes what was sent, in place of what went there before.
    pub(super) fn keep_sent(&mut self, sent: Sent) {
        self.sent.retain(|before| !before.same_way(&sent));
        self.sent.push(sent);
    }

    /// A factor was passed: what the user chose on the way to it is of no more use.
    pub(super) fn forget_way(&mut self) {
        self.way = None;
        self.enroll = None;
        self.enrolling = None;
        self.sent.clear();
        self.remember_browser = false;
    }
}

/// Why there is a new recovery code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum NewCode {
    /// The first factor was enrolled.
    FirstFactor,
    /// The old code was used.
    OldCodeUsed,
}
