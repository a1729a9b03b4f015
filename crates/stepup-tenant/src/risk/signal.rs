//! What a test says of coming logins, in place of what a local tenant cannot see.

use serde::{Deserialize, Serialize};

use super::{Assessment, Confidence};

/// What assessors are to say of the logins of a user, from an address, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Signal {
    /// Whose logins; none: everybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// From which address; none: from any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// What the assessor `NewDevice` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_device: Option<Told>,
    /// What the assessor `ImpossibleTravel` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impossible_travel: Option<Told>,
    /// What the assessor `UntrustedIP` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untrusted_ip: Option<Told>,
    /// What the assessor `PhoneNumber` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Told>,
    /// What the whole comes to, whatever the assessors say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
}

/// What an assessor says: a confidence, with or without the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Told {
    /// The confidence alone.
    Confidence(Confidence),
    /// With its code.
    Assessment(Assessment),
}

impl Told {
    /// The assessment; `code` stands for what goes without saying.
    pub(super) fn assessment(&self, code: impl FnOnce(Confidence) -> &'static str) -> Assessment {
        match self {
            Self::Confidence(confidence) => Assessment::new(*confidence, code(*confidence)),
            Self::Assessment(assessment) => assessment.clone(),
        }
    }
}

/// What is said of a login by all the signals that are about it: of two, the later one stands. None where none is.
pub(crate) fn matching(signals: Vec<Signal>, user_id: &str, ip: &str) -> Option<Signal> {
    let is_about = |signal: &Signal| {
        signal.user_id.as_deref().is_none_or(|of| of == user_id)
            && signal.ip.as_deref().is_none_or(|from| from == ip)
    };
    signals.into_iter().filter(is_about).reduce(|earlier, later| Signal {
        user_id: None,
        ip: None,
        new_device: later.new_device.or(earlier.new_device),
        impossible_travel: later.impossible_travel.or(earlier.impossible_travel),
        untrusted_ip: later.untrusted_ip.or(earlier.untrusted_ip),
        phone_number: later.phone_number.or(earlier.phone_number),
        confidence: later.confidence.or(earlier.confidence),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_two_signals_the_later_stands() {
        let signal = |value| serde_json::from_value::<Signal>(value).unwrap();
        let signals = vec![
            signal(json!({ "confidence": "low", "new_device": "high" })),
            signal(json!({ "user_id": "auth0|1", "confidence": "high" })),
            signal(
                json!({ "ip": "203.0.113.7", "untrusted_ip": { "confidence": "low", "code": "found_on_deny_list" } }),
            ),
        ];
        let ada = matching(signals.clone(), "auth0|1", "127.0.0.1").unwrap();
        assert_eq!((ada.confidence, ada.untrusted_ip), (Some(Confidence::High), None));
        assert_eq!(ada.new_device, Some(Told::Confidence(Confidence::High)));
        let eve = matching(signals.clone(), "auth0|2", "203.0.113.7").unwrap();
        assert_eq!(eve.confidence, Some(Confidence::Low));
        assert!(eve.untrusted_ip.is_some());
        assert_eq!(matching(signals[1..2].to_vec(), "auth0|2", "127.0.0.1"), None);
        assert!(serde_json::from_value::<Signal>(json!({ "confidence": "sure" })).is_err());
        assert!(serde_json::from_value::<Signal>(json!({ "konfidence": "low" })).is_err());
    }
}
