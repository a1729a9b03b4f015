//! What a page says about a way, a factor or a problem, in the visitor's words.

use stepup_protocol::{
    mfa::{Authenticator, FactorType},
    time::UnixTime,
};

use super::{Frame, Texts, Way, views::Choice};
use crate::detour::{Outcome, Problem, Progress, Stage};

/// An authenticator to choose.
pub(super) fn choice(texts: &Texts, way: Way, authenticator: &Authenticator) -> Choice {
    let to = authenticator.name.as_deref().map(readable);
    let (name, hint) = match way {
        Way::App => (&texts.app_name, texts.app_hint.to_string()),
        Way::Email => {
            (&texts.email_name, with(&texts.email_hint, "to", to.as_deref().unwrap_or(&texts.your_address)))
        }
        Way::Push => {
            (&texts.push_name, with(&texts.push_hint, "to", to.as_deref().unwrap_or(&texts.your_device)))
        }
        Way::RecoveryCode => (&texts.recovery_name, texts.recovery_hint.to_string()),
        Way::Sms => {
            (&texts.sms_name, with(&texts.sms_hint, "to", to.as_deref().unwrap_or(&texts.your_phone)))
        }
        Way::Voice => {
            (&texts.voice_name, with(&texts.voice_hint, "to", to.as_deref().unwrap_or(&texts.your_phone)))
        }
    };
    Choice { way, value: authenticator.id.clone(), name: name.to_string(), hint }
}

/// A factor to add.
pub(super) fn factor(texts: &Texts, factor: FactorType) -> Option<Choice> {
    let way = Way::new(factor)?;
    let (name, hint) = match way {
        Way::App => (&texts.app_name, &texts.new_app_hint),
        Way::Email => (&texts.email_name, &texts.new_email_hint),
        Way::Push => (&texts.push_name, &texts.new_push_hint),
        _ => (&texts.phone_name, &texts.new_phone_hint),
    };
    Some(Choice { way, value: factor.as_str().to_owned(), name: name.to_string(), hint: hint.to_string() })
}

/// Where the code is that is asked for.
pub(super) fn lead(frame: &Frame<'_>, way: Way, to: Option<&str>) -> String {
    let texts = frame.texts;
    let to = to.map(readable);
    match way {
        Way::Email => with(&texts.code_email_lead, "to", to.as_deref().unwrap_or(&texts.your_address)),
        Way::Sms => with(&texts.code_sms_lead, "to", to.as_deref().unwrap_or(&texts.your_phone)),
        Way::Voice => with(&texts.code_voice_lead, "to", to.as_deref().unwrap_or(&texts.your_phone)),
        _ => with(&texts.code_app_lead, "application", frame.application),
    }
}

pub(super) fn push_lead(texts: &Texts, to: Option<&str>, new: bool) -> String {
    if new {
        texts.new_push_scan.to_string()
    } else {
        with(&texts.push_lead, "to", to.unwrap_or(&texts.to_your_device))
    }
}

/// The problem and the news.
pub(super) fn problem(texts: &Texts, progress: &Progress, now: UnixTime) -> (Option<String>, Option<String>) {
    if let Stage::Push { outcome, .. } = &progress.stage {
        match outcome {
            Outcome::Denied => return (Some(texts.push_denied.to_string()), None),
            Outcome::Expired => return (Some(texts.push_expired.to_string()), None),
            Outcome::Waiting => {}
        }
    }
    let Some(problem) = progress.problem else { return (None, None) };
    let text = match problem {
        Problem::OneMore => return (None, Some(texts.one_more.to_string())),
        Problem::OthersFirst => {
            let needed = needed(texts, &progress.wanted).unwrap_or_default();
            return (None, Some(with(&texts.others_first, "needed", &needed)));
        }
        Problem::Busy { until: Some(until) } => {
            return (Some(in_minutes(&texts.problem_busy, until, now)), None);
        }
        Problem::Busy { until: None } => &texts.problem_busy_for_some_time,
        Problem::LockedOut { until: Some(until) } => {
            return (Some(in_minutes(&texts.problem_locked_out, until, now)), None);
        }
        Problem::LockedOut { until: None } => &texts.problem_locked_out_for_some_time,
        Problem::Email => &texts.problem_email,
        Problem::MalformedCode => &texts.problem_malformed_code,
        Problem::MissingCode => &texts.problem_missing_code,
        Problem::NotKept => &texts.problem_not_kept,
        Problem::NotOffered => &texts.problem_not_offered,
        Problem::Phone => &texts.problem_phone,
        Problem::SentTooOften => &texts.problem_sent_too_often,
        Problem::Unavailable => &texts.problem_unavailable,
        Problem::WrongCode => match progress.stage {
            Stage::Recovery => &texts.problem_wrong_recovery_code,
            Stage::NewApp { .. } | Stage::Code { way: Way::App, .. } => &texts.problem_wrong_app_code,
            _ => &texts.problem_wrong_code,
        },
    };
    (Some(text.to_string()), None)
}

fn in_minutes(text: &str, until: UnixTime, now: UnixTime) -> String {
    with(text, "minutes", &until.since(now).as_secs().div_ceil(60).max(1).to_string())
}

/// Which factors are needed; nothing where any will do.
pub(super) fn needed(texts: &Texts, factors: &[FactorType]) -> Option<String> {
    let names = factors.iter().filter_map(|factor| match factor {
        FactorType::Email => Some(&*texts.email_name),
        FactorType::Otp => Some(&*texts.app_name),
        FactorType::Phone => Some(&*texts.phone_name),
        FactorType::PushNotification => Some(&*texts.push_name),
        FactorType::RecoveryCode => Some(&*texts.recovery_name),
        _ => None,
    });
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| with(&texts.needed_ways, "ways", &names.join(&texts.or)))
}

/// `text` with `{name}` replaced.
pub(super) fn with(text: &str, name: &str, value: &str) -> String {
    text.replace(&format!("{{{name}}}"), value)
}

/// A masked phone number as people read it: four dots for whatever was hidden.
pub(super) fn readable(name: &str) -> String {
    let hidden = name.bytes().take_while(|byte| *byte == b'X').count();
    if hidden >= 4 { format!("•••• {}", &name[hidden..]) } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::Language;

    #[test]
    fn a_phone_without_a_name_is_put_into_the_sentence_as_its_language_wants_it() {
        let german = Texts::of(Language::German);
        assert!(push_lead(&german, None, false).contains("eine Mitteilung an Ihr Telefon gesendet"));
        assert!(push_lead(&german, Some("Adas Telefon"), false).contains("an Adas Telefon gesendet"));
        assert_eq!(
            with(&german.push_hint, "to", &german.your_device),
            "Auf Ihrem Telefon „Erlauben“ antippen"
        );
    }

    #[test]
    fn needed_factors_are_named() {
        let texts = Texts::of(Language::English);
        let needed = |factors: &[FactorType]| needed(&texts, factors);
        assert_eq!(needed(&[]), None);
        assert_eq!(
            needed(&[FactorType::Otp, FactorType::Phone]).as_deref(),
            Some("This page needs: Authenticator app or Phone.")
        );
        assert_eq!(needed(&[FactorType::WebauthnRoaming]), None, "these pages cannot ask for it");
    }

    #[test]
    fn masks_are_short() {
        assert_eq!(readable("XXXXXXXX0123"), "•••• 0123");
        assert_eq!(readable("chuc*@exam*******"), "chuc*@exam*******");
        assert_eq!(readable("Xperia"), "Xperia");
    }
}
