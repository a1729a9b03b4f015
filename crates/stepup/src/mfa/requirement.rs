//! What a requirement leaves to choose from: pure data in, data out.
//!
//! Requirements and authenticators use two vocabularies (`phone` and `oob` over `sms`), so they are compared by
//! meaning, through [`FactorType`], and never by one member alone. A word that nobody knows yet must not hide
//! an authenticator that would do.

use serde::Deserialize as _;
use serde_json::Value;
use stepup_protocol::mfa::{Authenticator, FactorType, MfaRequirements, RequiredFactor};

use super::error::NoAvailableFactors;

const OUT_OF_BAND: [FactorType; 3] = [FactorType::Email, FactorType::Phone, FactorType::PushNotification];

/// The entries of `GET /mfa/authenticators` that may answer the challenge, in the tenant's order and whole.
///
/// Without a challenge list, or with an empty one, that is every entry: under a policy any enrolled factor will do.
pub(super) fn usable(listed: Vec<Value>, requirements: Option<&MfaRequirements>) -> Vec<Value> {
    let words = challenge_words(requirements).unwrap_or_default();
    if words.is_empty() {
        return listed;
    }
    let unknown_word = words.iter().any(|word| !is_known(word));
    let matching: Vec<Value> = listed.iter().filter(|entry| meets(entry, &words)).cloned().collect();
    if matching.is_empty() && unknown_word { listed } else { matching }
}

fn meets(entry: &Value, words: &[&str]) -> bool {
    let named = entry.get("type").and_then(Value::as_str);
    let factor = Authenticator::deserialize(entry).ok().and_then(|authenticator| authenticator.factor());
    words.iter().any(|word| {
        named.is_some_and(|named| named.eq_ignore_ascii_case(word))
            || factor.is_some_and(|factor| factor.accepts(word))
    })
}

/// Whether a challenge of `challenge_type` (`otp`, `oob`, or a list of them) can meet the requirements.
///
/// # Errors
///
/// The requirements list no challenge at all, or none that this type could answer.
pub(super) fn allow_challenge(
    challenge_type: &str,
    requirements: Option<&MfaRequirements>,
) -> Result<(), NoAvailableFactors> {
    let Some(words) = challenge_words(requirements) else { return Ok(()) };
    if words.is_empty() {
        return Err(NoAvailableFactors::EmptyList);
    }
    let allowed = challenge_type
        .split_ascii_whitespace()
        .any(|kind| words.iter().any(|word| !is_known(word) || answers(kind, word)));
    if allowed {
        return Ok(());
    }
    Err(NoAvailableFactors::NotAllowed {
        challenge_type: challenge_type.to_owned(),
        allowed: words.iter().map(|&word| word.to_owned()).collect(),
    })
}

fn answers(challenge_type: &str, word: &str) -> bool {
    if challenge_type.eq_ignore_ascii_case("oob") {
        return OUT_OF_BAND.iter().any(|factor| factor.accepts(word));
    }
    challenge_type.eq_ignore_ascii_case(word)
        || FactorType::parse(challenge_type).is_some_and(|factor| factor.accepts(word))
}

/// The factors that the user is asked to enrol, in the order the Action listed them; words that are no factor
/// of this version are left out.
///
/// Empty where no enrolment is asked for: under a policy any factor that the tenant offers will do.
#[must_use]
pub(super) fn enrollment_factors(requirements: Option<&MfaRequirements>) -> Vec<FactorType> {
    factors(requirements.and_then(|requirements| requirements.enroll.as_deref()))
}

/// The factors of which one must be challenged, in the order the Action listed them.
///
/// Empty where none is named: under a policy any enrolled factor will do.
#[must_use]
pub(super) fn challenge_factors(requirements: Option<&MfaRequirements>) -> Vec<FactorType> {
    factors(requirements.and_then(|requirements| requirements.challenge.as_deref()))
}

fn factors(required: Option<&[RequiredFactor]>) -> Vec<FactorType> {
    required.unwrap_or_default().iter().filter_map(|required| FactorType::parse(&required.kind)).collect()
}

fn challenge_words(requirements: Option<&MfaRequirements>) -> Option<Vec<&str>> {
    let challenge = requirements?.challenge.as_deref()?;
    Some(challenge.iter().map(|required| required.kind.as_str()).collect())
}

fn is_known(word: &str) -> bool {
    word.eq_ignore_ascii_case("oob") || FactorType::parse(word).is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn requirements(challenge: &[&str]) -> MfaRequirements {
        MfaRequirements {
            challenge: Some(challenge.iter().map(|&word| RequiredFactor { kind: word.to_owned() }).collect()),
            enroll: None,
        }
    }

    fn enrolled() -> Vec<Value> {
        vec![
            json!({"id":"totp|1","authenticator_type":"otp","active":true,"type":"otp"}),
            json!({"id":"sms|2","authenticator_type":"oob","active":true,"oob_channel":"sms","phone_number":"+1"}),
            json!({"id":"recovery-code|3","authenticator_type":"recovery-code","active":true}),
            json!({"id":"push|4","authenticator_type":"oob","active":true,"oob_channel":"auth0"}),
            json!({"id":"email|5","authenticator_type":"oob","active":true,"oob_channel":"email","type":"Email"}),
            json!({"id":"hologram|6","authenticator_type":"hologram","active":true,"type":"hologram"}),
        ]
    }

    fn usable_ids(challenge: &[&str]) -> Vec<String> {
        usable(enrolled(), Some(&requirements(challenge)))
            .iter()
            .map(|entry| entry["id"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn authenticators_are_matched_by_meaning() {
        for (challenge, ids) in [
            (&["otp"][..], &["totp|1"][..]),
            (&["totp"], &["totp|1"]),
            (&["phone"], &["sms|2"]),
            (&["SMS"], &["sms|2"]),
            (&["recovery-code"], &["recovery-code|3"]),
            (&["push-notification"], &["push|4"]),
            (&["push"], &["push|4"]),
            (&["email", "otp"], &["totp|1", "email|5"]),
            (&["oob"], &["sms|2", "push|4", "email|5"]),
            (&["hologram"], &["hologram|6"]),
            (&["otp", "telepathy"], &["totp|1"]),
            (&["webauthn-roaming"], &[]),
        ] {
            assert_eq!(usable_ids(challenge), ids, "{challenge:?}");
        }
    }

    #[test]
    fn an_unknown_word_hides_nothing_and_an_absent_list_is_no_filter() {
        assert_eq!(usable_ids(&["telepathy"]).len(), enrolled().len());
        assert_eq!(usable_ids(&[]).len(), enrolled().len());
        assert_eq!(usable(enrolled(), None), enrolled());
        assert_eq!(usable(enrolled(), Some(&MfaRequirements::default())), enrolled());
    }

    #[test]
    fn entries_are_handed_on_whole() {
        let listed = usable(enrolled(), Some(&requirements(&["phone"])));
        assert_eq!(listed, [enrolled()[1].clone()]);
    }

    #[test]
    fn a_challenge_is_allowed_by_every_word_it_can_answer() {
        for (challenge_type, words) in [
            ("otp", &["otp", "totp"][..]),
            ("OTP", &["otp"]),
            ("oob", &["oob", "phone", "sms", "voice", "email", "push-notification", "push", "auth0"]),
            ("otp oob", &["otp", "phone"]),
            ("recovery-code", &["recovery-code"]),
        ] {
            for word in words {
                assert!(
                    allow_challenge(challenge_type, Some(&requirements(&[word]))).is_ok(),
                    "{challenge_type} {word}"
                );
            }
        }
        assert!(allow_challenge("whatever", None).is_ok());
        assert!(allow_challenge("oob", Some(&requirements(&["telepathy"]))).is_ok());
    }

    #[test]
    fn a_challenge_that_cannot_help_is_refused_in_the_documented_words() {
        let refused = allow_challenge("oob", Some(&requirements(&["otp", "recovery-code"]))).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "Challenge type \"oob\" is not allowed by mfa_requirements. Allowed: otp, recovery-code"
        );
        let refused = allow_challenge("otp", Some(&requirements(&[]))).unwrap_err();
        assert_eq!(refused.to_string(), "No MFA challenge types available in mfa_requirements");
    }

    #[test]
    fn factors_keep_the_order_of_the_action() {
        let asked: MfaRequirements = serde_json::from_value(
            json!({"enroll":[{"type":"push-notification"},{"type":"otp"},{"type":"x"}]}),
        )
        .unwrap();
        assert_eq!(enrollment_factors(Some(&asked)), [FactorType::PushNotification, FactorType::Otp]);
        assert_eq!(enrollment_factors(None), []);
        assert_eq!(challenge_factors(Some(&asked)), []);
    }

    #[test]
    fn what_is_not_allowed_is_told_in_one_line() {
        let refused = NoAvailableFactors::NotAllowed {
            challenge_type: "oob\r".to_owned(),
            allowed: vec!["otp".to_owned(), "x\nevent.name=login".to_owned()],
        };
        assert_eq!(
            refused.to_string(),
            r#"Challenge type "oob\r" is not allowed by mfa_requirements. Allowed: otp, x\nevent.name=login"#
        );
    }
}
