//! Whether a proof will do: facts in, a decision out.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepup_protocol::{mfa::FactorType, time::UnixTime};

use super::Guard;
use crate::{
    clock::LEEWAY,
    session::{Asked, FactorProof, Session},
};

/// How soon after the answer a request must come back for it to be the one that asked.
pub(super) const WAY_BACK: Duration = Duration::from_secs(60);

/// What a proof lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lack {
    /// The proof will do, and the tenant wants one before it hands out the access token.
    AccessToken,
    /// It claims to be of a time to come.
    InTheFuture,
    /// Nothing is known of a second factor.
    NoProof,
    /// It was by another factor, or nobody knows by which.
    OtherFactor,
    /// It is too old.
    TooOld,
    /// Its age is not known: the ID token had no `auth_time`.
    UnknownTime,
}

impl Lack {
    /// In words, for a developer.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::AccessToken => "The tenant asks for a second factor before it hands out the access token",
            Self::InTheFuture => {
                "The second factor was proved at a time to come, if one is to believe the tenant"
            }
            Self::NoProof => "A second factor is needed",
            Self::OtherFactor => "Another second factor is needed",
            Self::TooOld => "A more recent second factor is needed",
            Self::UnknownTime => {
                "It is not known when the second factor was proved: the ID token has no auth_time"
            }
        }
    }
}

/// What a proof of a second factor must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Need {
    /// By one of these, or by any where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) factors: Vec<FactorType>,
    /// Not older than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) within: Option<Duration>,
}

impl Need {
    /// What `proof` lacks of it, if anything.
    pub(crate) fn lack(&self, proof: Option<&FactorProof>, now: UnixTime) -> Option<Lack> {
        let Some(proof) = proof else { return Some(Lack::NoProof) };
        let is_wanted = |by: &FactorType| self.factors.contains(by);
        if !self.factors.is_empty() && !proof.factors.iter().any(is_wanted) {
            return Some(Lack::OtherFactor);
        }
        if proof.is_to_come(now) {
            return Some(Lack::InTheFuture);
        }
        let within = self.within?;
        match proof.at {
            None => Some(Lack::UnknownTime),
            Some(at) if within.as_secs() == 0 || now.since(at) > within => Some(Lack::TooOld),
            Some(_) => None,
        }
    }
}

/// What the session knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) proof: Option<FactorProof>,
    /// The demand that this request was answered with before, if it was.
    pub(super) asked: Option<Asked>,
}

impl Facts {
    pub(super) fn of(session: &Session, request: &str, now: UnixTime) -> Self {
        Self { proof: session.second_factor(), asked: session.asked(request, now).cloned() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Pass,
    /// The proof was made for this request and is good for it alone.
    PassOnce,
    Ask(Lack),
    /// It was asked for and answered, and the answer will not do.
    Unmet(Lack),
}

pub(super) fn decide(guard: &Guard, facts: &Facts, now: UnixTime) -> Decision {
    let Some(lack) = guard.need.lack(facts.proof.as_ref(), now) else { return Decision::Pass };
    let Some(asked) = facts.asked.as_ref().filter(|asked| answered_just_now(asked, now)) else {
        return Decision::Ask(lack);
    };
    // The user may have taken longer for the way back than a proof is good for.
    let made_for_it = facts.proof.as_ref().is_some_and(|proof| proof.was_made_since(asked.at));
    if lack == Lack::TooOld && made_for_it { Decision::PassOnce } else { Decision::Unmet(lack) }
}

fn answered_just_now(asked: &Asked, now: UnixTime) -> bool {
    asked.answered_at.is_some_and(|then| now.since(then) <= WAY_BACK && then <= now + LEEWAY)
}

#[cfg(test)]
mod tests;
