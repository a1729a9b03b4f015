//! One proof of a second factor: made by a verify of this SDK, or told by the claims of an ID token.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stepup_protocol::{mfa::FactorType, time::UnixTime};
use stepup_seal::base64url;

use crate::{clock::LEEWAY, lately::Digest};

/// A second factor that the user proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FactorProof {
    /// When: the moment of a verify, or an ID token's `auth_time`. Absent where an ID token tells of a second factor
    /// (`amr` holds `mfa`) and not of its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<UnixTime>,
    /// By which factors, as far as that is known; `amr` seldom says more than `mfa`.
    #[serde(default, rename = "by", skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<FactorType>,
    /// Tells it from others of the same second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// When it came, where it does not say when it was made and came later than the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) came: Option<UnixTime>,
}

impl FactorProof {
    pub(crate) fn verified(at: UnixTime, factors: Vec<FactorType>) -> Self {
        Self { at: Some(at), factors, id: None, came: None }
    }

    /// What a verify of the `mfa_token` of this digest will have proved, once it succeeds.
    pub(crate) fn to_come(factors: Vec<FactorType>, mfa_token: &Digest) -> Self {
        Self { at: None, factors, id: Some(id(mfa_token)), came: None }
    }

    pub(crate) fn made_at(self, at: UnixTime) -> Self {
        Self { at: Some(at), ..self }
    }

    /// Whether it was made at `time` or later, as far as the clocks of the two ends let tell.
    pub(crate) fn was_made_since(&self, time: UnixTime) -> bool {
        self.at.is_some_and(|at| at + LEEWAY >= time)
    }

    /// Whether it claims to be of a time to come, as one does that was made by a clock ahead: worth nothing.
    pub(crate) fn is_to_come(&self, now: UnixTime) -> bool {
        self.at.is_some_and(|at| at > now + LEEWAY)
    }

    /// What the claims of an ID token say that came at `now`: nothing was proved later than that. A time to come is no time.
    pub(super) fn told(claims: &Map<String, Value>, now: UnixTime) -> Option<Self> {
        let proof = Self::of_claims(claims)?;
        Some(Self { at: proof.at.filter(|at| *at <= now + LEEWAY).map(|at| at.min(now)), ..proof })
    }

    pub(super) fn came_at(self, now: UnixTime) -> Self {
        Self { came: self.at.is_none().then_some(now), ..self }
    }

    /// What claims say (RFC 8176 section 2). Anything of the wrong type says nothing.
    pub(crate) fn of_claims(claims: &Map<String, Value>) -> Option<Self> {
        let amr: Vec<&str> = claims.get("amr")?.as_array()?.iter().filter_map(Value::as_str).collect();
        amr.contains(&"mfa").then(|| Self {
            at: claims.get("auth_time").and_then(Value::as_i64).map(UnixTime::from_seconds),
            factors: amr.into_iter().filter_map(factor).collect(),
            id: None,
            came: None,
        })
    }
}

/// A short name for what happens once. Times do not tell two of one second apart.
pub(super) fn id(once: &Digest) -> String {
    base64url::encode(&once[..9])
}

/// The factor that an authentication method of RFC 8176 is, where it is one of those that Auth0 knows.
fn factor(method: &str) -> Option<FactorType> {
    match method {
        "otp" => Some(FactorType::Otp),
        "sms" | "tel" => Some(FactorType::Phone),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_of_the_wrong_type_say_nothing() {
        let some = |at: Option<i64>, factors: &[FactorType]| {
            Some(FactorProof {
                at: at.map(UnixTime::from_seconds),
                factors: factors.to_vec(),
                id: None,
                came: None,
            })
        };
        for (claims, expected) in [
            (json!({ "amr": ["mfa"], "auth_time": 7 }), some(Some(7), &[])),
            (json!({ "amr": ["pwd", "otp", "mfa"], "auth_time": 7 }), some(Some(7), &[FactorType::Otp])),
            (json!({ "amr": ["mfa", "tel"] }), some(None, &[FactorType::Phone])),
            (json!({ "amr": ["mfa"], "auth_time": "7" }), some(None, &[])),
            (json!({ "amr": ["mfa"], "auth_time": 7.5 }), some(None, &[])),
            (json!({ "amr": [7, null, "mfa"] }), some(None, &[])),
            (json!({ "amr": "mfa", "auth_time": 7 }), None),
            (json!({ "amr": { "mfa": true } }), None),
            (json!({ "amr": ["pwd", "otp"], "auth_time": 7 }), None),
            (json!({ "amr": [], "auth_time": 7 }), None),
            (json!({ "auth_time": 7 }), None),
        ] {
            assert_eq!(FactorProof::of_claims(claims.as_object().unwrap()), expected, "{claims}");
        }
    }
}
