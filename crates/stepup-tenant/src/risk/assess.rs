//! The assessors: pure functions of a login and of what is known of earlier ones.

use std::net::IpAddr;

use serde_json::json;

use super::{Assessment, Assessments, Confidence, RiskAssessment, RiskSettings, Signal, overall};
use crate::model::{Digest, KnownDevice};

/// A login to be assessed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Login<'a> {
    /// The mark of the browser, if it carries one.
    pub(crate) device: Option<&'a Digest>,
    /// What the browser calls itself.
    pub(crate) user_agent: &'a str,
    /// Where it comes from.
    pub(crate) ip: &'a str,
    /// How many logins of the user there were, this one included.
    pub(crate) logins: u64,
}

/// Assesses a login of a user who was seen with the devices `known` in the last 30 days.
pub(crate) fn assess(
    settings: &RiskSettings,
    login: Login<'_>,
    known: &[KnownDevice],
    signal: Option<&Signal>,
) -> RiskAssessment {
    let initial = login.logins <= 1 && known.is_empty();
    let told = |pick: fn(&Signal) -> Option<&super::Told>| signal.and_then(pick);
    let assessments = Assessments {
        new_device: match told(|signal| signal.new_device.as_ref()) {
            Some(told) => told.assessment(device_code),
            None if initial => Assessment::new(settings.initial_login, "initial_login"),
            None => new_device(login, known),
        },
        impossible_travel: match told(|signal| signal.impossible_travel.as_ref()) {
            Some(told) => told.assessment(travel_code),
            None if initial => Assessment::new(Confidence::Neutral, "initial_login"),
            None => Assessment::new(Confidence::Neutral, "missing_geoip"),
        },
        untrusted_ip: match told(|signal| signal.untrusted_ip.as_ref()) {
            Some(told) => told.assessment(address_code),
            None => untrusted_ip(settings, login.ip),
        },
        phone_number: match told(|signal| signal.phone_number.as_ref()) {
            Some(told) => told.assessment(|_| "assessment_available"),
            None => Assessment::new(Confidence::Neutral, "assessment_not_available"),
        },
    };
    let confidence = signal.and_then(|signal| signal.confidence);
    RiskAssessment {
        confidence: confidence.unwrap_or_else(|| overall(&assessments.confidences())),
        version: "1".to_owned(),
        assessments,
    }
}

fn new_device(login: Login<'_>, known: &[KnownDevice]) -> Assessment {
    if login.device.is_none() && login.user_agent.is_empty() {
        return Assessment::new(Confidence::Neutral, "unknown_device");
    }
    if known.is_empty() {
        return Assessment::new(Confidence::Low, "no_device_history");
    }
    let device = known.iter().any(|it| Some(&it.device) == login.device);
    let user_agent = known.iter().any(|it| it.user_agent == login.user_agent);
    let both = known.iter().any(|it| Some(&it.device) == login.device && it.user_agent == login.user_agent);
    let (confidence, code) = match (both, device || user_agent) {
        (true, _) => (Confidence::High, "match"),
        (false, true) => (Confidence::Medium, "partial_match"),
        (false, false) => (Confidence::Low, "no_match"),
    };
    let known = |it: bool| if it { "known" } else { "unknown" };
    let details = json!({ "device": known(device), "useragent": known(user_agent) });
    Assessment { details: Some(details), ..Assessment::new(confidence, code) }
}

fn untrusted_ip(settings: &RiskSettings, ip: &str) -> Assessment {
    let Ok(address) = ip.parse::<IpAddr>() else {
        return Assessment::new(Confidence::Neutral, "invalid_ip_address");
    };
    let details = Some(json!({ "ip": ip }));
    if settings.untrusted_ips.iter().any(|untrusted| untrusted.to_canonical() == address.to_canonical()) {
        return Assessment { details, ..Assessment::new(Confidence::Low, "found_on_deny_list") };
    }
    Assessment { details, ..Assessment::new(Confidence::High, "not_found_on_deny_list") }
}

fn device_code(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "match",
        Confidence::Medium => "partial_match",
        Confidence::Low => "no_match",
        Confidence::Neutral => "unknown_device",
    }
}

fn travel_code(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "minimal_travel_from_last_login",
        Confidence::Medium => "substantial_travel_from_last_login",
        Confidence::Low => "impossible_travel_from_last_login",
        Confidence::Neutral => "missing_geoip",
    }
}

fn address_code(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low | Confidence::Medium => "found_on_deny_list",
        Confidence::High => "not_found_on_deny_list",
        Confidence::Neutral => "assessment_not_available",
    }
}

#[cfg(test)]
mod tests {
    use stepup_protocol::time::UnixTime;

    use super::*;

    fn known(device: &str, user_agent: &str) -> KnownDevice {
        KnownDevice {
            device: Digest::of(device),
            user_agent: user_agent.to_owned(),
            last_seen_at: UnixTime::from_seconds(1),
        }
    }

    fn device(logins: u64, cookie: Option<&str>, user_agent: &str, known: &[KnownDevice]) -> String {
        let digest = cookie.map(Digest::of);
        let login = Login { device: digest.as_ref(), user_agent, ip: "127.0.0.1", logins };
        let assessed = assess(&RiskSettings::default(), login, known, None).assessments.new_device;
        format!("{:?} {}", assessed.confidence, assessed.code)
    }

    #[test]
    fn the_table_of_devices() {
        let history = [known("a", "Firefox"), known("b", "Chrome")];
        for (logins, cookie, user_agent, known, expected) in [
            (1, Some("a"), "Firefox", &history[..0], "Neutral initial_login"),
            (2, Some("a"), "Firefox", &history[..0], "Low no_device_history"),
            (2, None, "", &history, "Neutral unknown_device"),
            (2, Some("a"), "Firefox", &history, "High match"),
            (2, Some("b"), "Firefox", &history, "Medium partial_match"),
            (2, Some("a"), "Safari", &history, "Medium partial_match"),
            (2, Some("c"), "Chrome", &history, "Medium partial_match"),
            (2, None, "Chrome", &history, "Medium partial_match"),
            (2, Some("c"), "Safari", &history, "Low no_match"),
            (2, None, "Safari", &history, "Low no_match"),
            (1, Some("c"), "Safari", &history, "Low no_match"),
        ] {
            assert_eq!(
                device(logins, cookie, user_agent, known),
                expected,
                "{logins} {cookie:?} {user_agent}"
            );
        }
    }

    #[test]
    fn addresses() {
        let settings =
            RiskSettings { untrusted_ips: vec!["203.0.113.7".parse().unwrap()], ..RiskSettings::default() };
        for (ip, expected) in [
            ("203.0.113.7", "found_on_deny_list"),
            ("::ffff:203.0.113.7", "found_on_deny_list"),
            ("203.0.113.8", "not_found_on_deny_list"),
            ("nonsense", "invalid_ip_address"),
        ] {
            assert_eq!(untrusted_ip(&settings, ip).code, expected, "{ip}");
        }
    }

    #[test]
    fn a_first_login_and_a_signal_say_what_they_are_told_to() {
        let login = Login { device: None, user_agent: "x", ip: "127.0.0.1", logins: 1 };
        let settings = RiskSettings { initial_login: Confidence::Low, ..RiskSettings::default() };
        assert_eq!(assess(&settings, login, &[], None).confidence, Confidence::Low);
        let first = assess(&RiskSettings::default(), login, &[], None);
        assert_eq!(first.confidence, Confidence::High, "nothing speaks against it");
        let signal = Signal {
            impossible_travel: Some(super::super::Told::Confidence(Confidence::Low)),
            ..Signal::default()
        };
        let travelled = assess(&RiskSettings::default(), login, &[], Some(&signal));
        assert_eq!(travelled.confidence, Confidence::Low);
        assert_eq!(travelled.assessments.impossible_travel.code, "impossible_travel_from_last_login");
        let signal = Signal { confidence: Some(Confidence::Medium), ..signal };
        assert_eq!(
            assess(&RiskSettings::default(), login, &[], Some(&signal)).confidence,
            Confidence::Medium
        );
    }

    #[test]
    fn the_form_that_actions_see() {
        let login = Login { device: None, user_agent: "x", ip: "127.0.0.1", logins: 1 };
        let seen = serde_json::to_value(assess(&RiskSettings::default(), login, &[], None)).unwrap();
        assert_eq!(
            seen,
            json!({
                "confidence": "high",
                "version": "1",
                "assessments": {
                    "ImpossibleTravel": { "confidence": "neutral", "code": "initial_login" },
                    "NewDevice": { "confidence": "neutral", "code": "initial_login" },
                    "PhoneNumber": { "confidence": "neutral", "code": "assessment_not_available" },
                    "UntrustedIP": {
                        "confidence": "high",
                        "code": "not_found_on_deny_list",
                        "details": { "ip": "127.0.0.1" },
                    },
                },
            })
        );
    }
}
