//! The ways to prove oneself, as the pages tell them apart; and what people type into their fields.

use serde::{Deserialize, Serialize};
use stepup_protocol::mfa::{Authenticator, AuthenticatorType, FactorType, OobChannel};

/// A way to prove that it is you.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Way {
    /// The code of an authenticator app.
    App,
    /// A code by e-mail.
    Email,
    /// A notification that is answered on the phone.
    Push,
    /// The code for the day everything else is lost.
    RecoveryCode,
    /// A code by text message.
    Sms,
    /// A code that is read out in a call.
    Voice,
}

impl Way {
    /// The way that an enrolled authenticator is; none for one that waits for its first code, or that pages cannot ask for.
    pub(super) fn of(authenticator: &Authenticator) -> Option<Self> {
        if !authenticator.active {
            return None;
        }
        match (authenticator.authenticator_type, authenticator.oob_channel) {
            (AuthenticatorType::Otp, _) => Some(Self::App),
            (AuthenticatorType::RecoveryCode, _) => Some(Self::RecoveryCode),
            (AuthenticatorType::Oob, Some(OobChannel::Sms)) => Some(Self::Sms),
            (AuthenticatorType::Oob, Some(OobChannel::Voice)) => Some(Self::Voice),
            (AuthenticatorType::Oob, Some(OobChannel::Email)) => Some(Self::Email),
            (AuthenticatorType::Oob, Some(OobChannel::Auth0)) => Some(Self::Push),
            _ => None,
        }
    }

    /// The factor that it proves.
    pub(super) const fn factor(self) -> FactorType {
        match self {
            Self::App => FactorType::Otp,
            Self::Email => FactorType::Email,
            Self::Push => FactorType::PushNotification,
            Self::RecoveryCode => FactorType::RecoveryCode,
            Self::Sms | Self::Voice => FactorType::Phone,
        }
    }

    /// The way that a factor is added by; a phone's codes come as text messages first.
    pub(super) const fn new(factor: FactorType) -> Option<Self> {
        match factor {
            FactorType::Email => Some(Self::Email),
            FactorType::Otp => Some(Self::App),
            FactorType::Phone => Some(Self::Sms),
            FactorType::PushNotification => Some(Self::Push),
            _ => None,
        }
    }
}

/// The six digits of a code, without what people put between them.
pub(super) fn digits(typed: &str) -> Option<String> {
    let code = meant(typed);
    (code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

/// A phone number as E.164 wants it, without what people put between its digits.
pub(super) fn phone(typed: &str) -> Option<String> {
    let number = meant(typed);
    // "+49 (0)30 …": the zero is dialled within the country alone.
    let is_international = number.starts_with('+') || number.starts_with("00");
    let number = if is_international { number.replacen("(0)", "", 1) } else { number };
    let number: String = number.chars().filter(|letter| !matches!(letter, '.' | '(' | ')' | '/')).collect();
    let number = number.strip_prefix("00").map(|rest| format!("+{rest}")).unwrap_or(number);
    let digits = number.strip_prefix('+')?;
    let good = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    good.then_some(number)
}

/// What was typed, without what only parts it or directs how it is written, and each letter as it is meant.
fn meant(typed: &str) -> String {
    typed.chars().map(narrow).filter(|letter| !is_between(*letter)).collect()
}

/// The letter that a full-width one stands for, as Japanese keyboards type them.
fn narrow(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        other => other,
    }
}

/// Blanks, dashes, and marks that nobody sees: they come along when a number is copied.
const fn is_between(letter: char) -> bool {
    let is_dash = matches!(letter, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    let is_mark = matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    letter.is_whitespace() || is_dash || is_mark
}

/// An e-mail address, as far as it can be told from outside: the message shows whether it is one.
pub(super) fn email(typed: &str) -> Option<String> {
    let address = typed.trim();
    let (local, domain) = address.rsplit_once('@')?;
    let good =
        !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
    let plain = address.len() <= 254
        && !address.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    (good && plain).then(|| address.to_owned())
}

/// Characters in groups of four, as people read codes aloud.
pub(super) fn groups_of_four(code: &str) -> Vec<String> {
    let characters: Vec<char> = code.chars().collect();
    characters.chunks(4).map(|group| group.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_taken_as_they_mean_it() {
        for (typed, code) in [
            ("123 456", Some("123456")),
            ("123-456", Some("123456")),
            ("12345", None),
            ("12345a", None),
            ("１２３４５６", Some("123456")),
            ("１２３－４５６", Some("123456")),
            ("\u{202a}123\u{2011}456\u{202c}", Some("123456")),
            ("١٢٣٤٥٦", None),
        ] {
            assert_eq!(digits(typed).as_deref(), code, "{typed}");
        }
        for (typed, number) in [
            ("+44 (0)20".to_owned(), None),
            ("+44 20 7946 0958".to_owned(), Some("+442079460958")),
            ("0044-20-7946-0958".to_owned(), Some("+442079460958")),
            ("+49 (0)30 901820".to_owned(), Some("+4930901820")),
            ("0044 (0) 20 7946 0958".to_owned(), Some("+442079460958")),
            ("＋１２０２５５５０１２３".to_owned(), Some("+12025550123")),
            ("+1 (202) 555–0123".to_owned(), Some("+12025550123")),
            ("\u{202a}+1\u{2011}202\u{2011}555\u{2011}0123\u{202c}".to_owned(), Some("+12025550123")),
            ("020 7946 0958".to_owned(), None),
            ("+".to_owned(), None),
            (format!("+{}", "1".repeat(16)), None),
        ] {
            assert_eq!(phone(&typed).as_deref(), number, "{typed}");
        }
        for (typed, address) in [
            (" ada@example.com ", Some("ada@example.com")),
            ("ada", None),
            ("a@b", None),
            ("a b@c.de", None),
            ("a@.de", None),
        ] {
            assert_eq!(email(typed).as_deref(), address, "{typed}");
        }
    }
}
