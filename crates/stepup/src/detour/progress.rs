//! How far a detour has come: what the pages have to remember from one to the next.

use std::mem;

use serde::{Deserialize, Serialize};
use stepup_protocol::{mfa::FactorType, time::UnixTime};

use super::Demand;
use crate::{mfa::MfaToken, pages::Way};

/// How far it has come, and what is left to do it with.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The pending step-up; absent once nothing is pending, and on the way over the tenant's pages. Its cookie holds it beside
    /// the rest.
    #[serde(skip)]
    pub(crate) token: Option<MfaToken>,
    /// Whether a user adds an authenticator of their own accord, with their own token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) own: bool,
    #[serde(rename = "stg")]
    pub(crate) stage: Stage,
    /// The factors of which one must be proved; none: any will do.
    #[serde(rename = "for", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) wanted: Vec<FactorType>,
    /// Whether the tenant asks for another one first: until it has been proved, any will do.
    #[serde(rename = "fst", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) others_first: bool,
    /// What the page tells beside its own words.
    #[serde(rename = "prb", default, skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<Problem>,
    /// Whether there is more than one way to answer.
    #[serde(rename = "oth", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) other_ways: bool,
    /// What the tenant does not offer.
    #[serde(rename = "ref", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) refused: Vec<Way>,
}

/// What the user does now. What the tenant answered stays in it, so that a reload asks for nothing again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// Nobody has looked yet at what may be done.
    Begin,
    /// Proves it on the tenant's pages: what is left here is to see whether they did, and the way back.
    ByLogin(Demand),
    /// Chooses among their authenticators.
    Choose,
    /// Enters a code.
    Code {
        way: Way,
        /// Absent for an authenticator app.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        oob_code: Option<String>,
        /// Where it was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// The authenticator that another one can be sent to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<String>,
        /// Whether the code confirms a new authenticator.
        new: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovery_code: Option<String>,
        sent_at: UnixTime,
    },
    /// Types where codes are to be sent.
    Contact { way: Way, value: String },
    /// Nothing is left to do here: back to where the user was.
    Done,
    /// Added an authenticator in another tab: nothing is left to do here, and nothing is proved.
    Elsewhere,
    /// Chooses what to add.
    Factors,
    /// Keeps the recovery code, which is shown this once; a further factor may be due afterwards, here or on the tenant's pages.
    Keep {
        recovery_code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        then: Option<Demand>,
    },
    /// Sets up an authenticator app.
    NewApp {
        secret: String,
        barcode_uri: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovery_code: Option<String>,
    },
    /// Has nothing that would do.
    Nothing,
    /// Took too long.
    Over,
    /// Answers on the phone; with a `barcode_uri`, sets it up first.
    Push {
        oob_code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        barcode_uri: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovery_code: Option<String>,
        sent_at: UnixTime,
        outcome: Outcome,
    },
    /// Enters the recovery code.
    Recovery,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Denied,
    Expired,
    Waiting,
}

/// What a page tells beside its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Problem {
    Busy {
        until: Option<UnixTime>,
    },
    Email,
    LockedOut {
        until: Option<UnixTime>,
    },
    MalformedCode,
    MissingCode,
    NotKept,
    NotOffered,
    /// No problem: the last proof was right, and a further one is wanted.
    OneMore,
    /// No problem: this is not what is wanted, and comes before it.
    OthersFirst,
    Phone,
    SentTooOften,
    Unavailable,
    WrongCode,
}

impl Progress {
    pub(super) fn new(token: MfaToken, wanted: &[FactorType]) -> Self {
        Self { token: Some(token), wanted: wanted.to_vec(), ..Self::at(Stage::Begin) }
    }

    /// The tenant's pages do everything.
    pub(super) fn by_login(demand: Demand) -> Self {
        Self::at(Stage::ByLogin(demand))
    }

    /// A user adds an authenticator of their own accord.
    pub(super) fn of_own_accord() -> Self {
        Self { own: true, other_ways: true, ..Self::at(Stage::Factors) }
    }

    /// Whether a proof by this factor will do now.
    pub(crate) fn wants(&self, factor: FactorType) -> bool {
        self.others_first || self.wanted.is_empty() || self.wanted.contains(&factor)
    }

    const fn at(stage: Stage) -> Self {
        Self {
            token: None,
            own: false,
            stage,
            wanted: Vec::new(),
            others_first: false,
            problem: None,
            other_ways: false,
            refused: Vec::new(),
        }
    }
}

impl Stage {
    /// The code of an authenticator app, which needs no challenge.
    pub(crate) fn app() -> Self {
        Self::Code {
            way: Way::App,
            oob_code: None,
            to: None,
            again: None,
            new: false,
            recovery_code: None,
            sent_at: UnixTime::from_seconds(0),
        }
    }

    /// The way that is being proved.
    pub(crate) const fn way(&self) -> Option<Way> {
        match self {
            Self::Code { way, .. } => Some(*way),
            Self::NewApp { .. } => Some(Way::App),
            Self::Push { .. } => Some(Way::Push),
            Self::Recovery => Some(Way::RecoveryCode),
            _ => None,
        }
    }

    /// Whether it is a step of adding an authenticator.
    pub(crate) const fn adds(&self) -> bool {
        matches!(
            self,
            Self::Code { new: true, .. }
                | Self::Contact { .. }
                | Self::Factors
                | Self::NewApp { .. }
                | Self::Push { barcode_uri: Some(_), .. }
        )
    }

    /// Whether these pages have nothing more to ask.
    pub(crate) const fn asks_nothing(&self) -> bool {
        matches!(self, Self::ByLogin(_) | Self::Done | Self::Elsewhere)
    }

    pub(crate) fn take_recovery_code(&mut self) -> Option<String> {
        match self {
            Self::Code { recovery_code, .. }
            | Self::NewApp { recovery_code, .. }
            | Self::Push { recovery_code, .. } => mem::take(recovery_code),
            _ => None,
        }
    }
}
