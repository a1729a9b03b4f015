//! What the way over the tenant's log-in pages must have proved before anything goes on. The tenant's word counts, not that
//! the browser came back: whoever knows the address of the end may open it at any time.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepup_protocol::{claims::ACR_MULTI_FACTOR, mfa::FactorType, time::UnixTime};

use crate::{
    guard::{Lack, Need},
    session::{FactorProof, Session},
};

/// What the tenant was asked for, and what its answer must be.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Demand {
    at: UnixTime,
    /// Of the authorization request, so that it can be asked for again.
    #[serde(rename = "ask")]
    pub(super) parameters: Vec<(String, String)>,
    #[serde(rename = "for")]
    proof: Wanted,
}

/// What must be proved.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Wanted {
    /// A login, not older than is said.
    Login(Need),
    /// Nothing that could be judged afterwards: `prompt` leaves no trace.
    Nothing,
    SecondFactor(Need),
}

impl Demand {
    /// What the parameters of an authorization request ask for (OpenID Connect Core section 3.1.2.1).
    pub(crate) fn of(parameters: &[(&str, &str)], at: UnixTime) -> Self {
        let last =
            |wanted| parameters.iter().rev().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        // The login refuses what is no number; nothing of before it will do.
        let within = last("max_age").map(|age| Duration::from_secs(age.parse().unwrap_or_default()));
        let need = Need { within, ..Need::default() };
        let asks_for_second_factor = last("acr_values")
            .is_some_and(|values| values.split_ascii_whitespace().any(|value| value == ACR_MULTI_FACTOR));
        let proof = match within {
            _ if asks_for_second_factor => Wanted::SecondFactor(need),
            Some(_) => Wanted::Login(need),
            None => Wanted::Nothing,
        };
        let owned = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { at, parameters: owned.collect(), proof }
    }

    /// The second factor that a guard needs, which these parameters ask for less exactly.
    pub(crate) fn of_guard(parameters: Vec<(String, String)>, need: Need, at: UnixTime) -> Self {
        Self { at, parameters, proof: Wanted::SecondFactor(need) }
    }

    /// The factors of which one is demanded; none: any will do.
    pub(crate) fn factors(&self) -> &[FactorType] {
        match &self.proof {
            Wanted::Nothing => &[],
            Wanted::Login(need) | Wanted::SecondFactor(need) => &need.factors,
        }
    }

    /// Whether a second factor is known of, and not as one of those that are demanded.
    pub(crate) fn lacks_factor(&self, session: Option<&Session>, now: UnixTime) -> bool {
        let Wanted::SecondFactor(need) = &self.proof else { return false };
        need.lack(session.and_then(Session::second_factor).as_ref(), now) == Some(Lack::OtherFactor)
    }

    /// Whether it is proved, as far as the session knows.
    pub(crate) fn is_met(&self, session: Option<&Session>, now: UnixTime) -> bool {
        let (need, proof) = match &self.proof {
            Wanted::Nothing => return true,
            Wanted::Login(need) => (need, session.and_then(login)),
            Wanted::SecondFactor(need) => (need, session.and_then(Session::second_factor)),
        };
        match need.lack(proof.as_ref(), now) {
            None => true,
            // The user may have taken longer for the way back than a proof is good for.
            Some(Lack::TooOld) => proof.is_some_and(|proof| proof.was_made_since(self.at)),
            Some(_) => false,
        }
    }
}

/// The user's last login, as a proof of itself.
fn login(session: &Session) -> Option<FactorProof> {
    session.auth_time().map(|at| FactorProof::verified(at, Vec::new()))
}
