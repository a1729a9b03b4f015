//! How much a login looks like the user's earlier ones: what the policy Adaptive goes by.
//!
//! Each assessor looks at one thing; [`overall`] adds them up. Where a local tenant cannot know (it has no table of where
//! addresses are, nor of the reputation of phone numbers), the assessor says so and counts for nothing, unless a
//! [`Signal`] says what it would have seen.

mod assess;
mod signal;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::signal::{Signal, Told};
pub(crate) use self::{
    assess::{Login, assess},
    signal::matching,
};

/// The confidence that a login is the user's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// As always.
    High,
    /// Nothing like any login before.
    Low,
    /// In parts.
    Medium,
    /// There is nothing to go by.
    Neutral,
}

/// What one assessor says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// How sure it is of the user.
    pub confidence: Confidence,
    /// Why: `match`, `no_match`, `initial_login`, `found_on_deny_list`, …
    pub code: String,
    /// What it looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

impl Assessment {
    fn new(confidence: Confidence, code: &str) -> Self {
        Self { confidence, code: code.to_owned(), details: None }
    }
}

/// `event.authentication.riskAssessment`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskAssessment {
    /// All in all.
    pub confidence: Confidence,
    /// The version of this form.
    pub version: String,
    /// What each assessor says.
    pub assessments: Assessments,
}

/// What each assessor says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Assessments {
    /// Whether the login comes from where nobody gets to since the last one.
    pub impossible_travel: Assessment,
    /// Whether the user has logged in with this browser in the last 30 days.
    pub new_device: Assessment,
    /// The reputation of the user's phone number.
    pub phone_number: Assessment,
    /// Whether the address is known for attacks.
    #[serde(rename = "UntrustedIP")]
    pub untrusted_ip: Assessment,
}

impl Assessments {
    fn confidences(&self) -> [Confidence; 4] {
        [&self.impossible_travel, &self.new_device, &self.phone_number, &self.untrusted_ip]
            .map(|assessment| assessment.confidence)
    }
}

/// The confidence in a login, from those of its assessors: as low as the lowest that has anything to go by.
#[must_use]
pub fn overall(confidences: &[Confidence]) -> Confidence {
    [Confidence::Low, Confidence::Medium, Confidence::High]
        .into_iter()
        .find(|confidence| confidences.contains(confidence))
        .unwrap_or(Confidence::Neutral)
}

/// What is set of assessments, in the section `stepup.risk` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RiskSettings {
    /// What the very first login of a user counts as; default `neutral`.
    pub initial_login: Confidence,
    /// Addresses that are known for attacks; default none.
    pub untrusted_ips: Vec<std::net::IpAddr>,
}

impl Default for RiskSettings {
    fn default() -> Self {
        Self { initial_login: Confidence::Neutral, untrusted_ips: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Confidence::*, *};

    #[test]
    fn the_lowest_counts() {
        for (confidences, expected) in [
            ([High, High, High], High),
            ([High, Neutral, Neutral], High),
            ([Neutral, Neutral, Neutral], Neutral),
            ([High, Medium, High], Medium),
            ([Medium, Neutral, High], Medium),
            ([Low, High, High], Low),
            ([High, Medium, Low], Low),
            ([Neutral, Low, Neutral], Low),
        ] {
            assert_eq!(overall(&confidences), expected, "{confidences:?}");
        }
        assert_eq!(overall(&[]), Neutral);
    }
}
