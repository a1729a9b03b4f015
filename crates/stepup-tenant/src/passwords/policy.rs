//! What a password must be, by the policy of its connection: `none`, `low`, `fair`, `good`, `excellent`, and what it must
//! not be.

use serde_json::{Value, json};

use super::{dictionary::Dictionary, person::Person};

/// What the passwords of a connection must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Which kinds of characters, and how many of one in a row.
    pub strength: Strength,
    /// Characters at least; none: what the strength says.
    pub min_length: Option<u32>,
    /// How many passwords before the present one may not come again, and that one neither; none: all may.
    pub history: Option<u32>,
    /// Words that are too common; none: all may be chosen.
    pub dictionary: Option<Dictionary>,
    /// Whether a password may not hold what names its user.
    pub no_personal_info: bool,
}

/// Why somebody may not have a password, by the names and words that applications compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is in the dictionary.
    #[error("Password is too common")]
    Common,
    /// It holds what names the user.
    #[error("Password contains user information")]
    Personal,
    /// It is the present one, or was one of the last.
    #[error("Password has previously been used")]
    Used,
    /// It breaks a [`Rule`].
    #[error("Password is too weak")]
    Weak,
}

impl Refusal {
    /// The `name` of the error.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Common => "PasswordDictionaryError",
            Self::Personal => "PasswordNoUserInfoError",
            Self::Used => "PasswordHistoryError",
            Self::Weak => "PasswordStrengthError",
        }
    }
}

/// The strengths, by the words of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// Anything that is not empty.
    None,
    /// 6 characters.
    Low,
    /// 8 characters: a lower-case letter, an upper-case letter and a number among them.
    Fair,
    /// 8 characters: three of the four kinds among them.
    #[default]
    Good,
    /// 10 characters: three of the four kinds among them, and never three of one in a row.
    Excellent,
}

/// One thing that a password must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// So many characters at least.
    Length(u32),
    /// So many of these kinds of characters.
    Contains(usize, &'static [Kind]),
    /// At most so many of one character in a row.
    InARow(u32),
}

/// Kinds of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `a` to `z`.
    LowerCase,
    /// `A` to `Z`.
    UpperCase,
    /// `0` to `9`.
    Numbers,
    /// Everything that is neither letter nor number.
    Special,
}

const LETTERS_AND_NUMBERS: &[Kind] = &[Kind::LowerCase, Kind::UpperCase, Kind::Numbers];
const ALL: &[Kind] = &[Kind::LowerCase, Kind::UpperCase, Kind::Numbers, Kind::Special];

impl PasswordPolicy {
    /// What a password must be, in the order to say it.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        let (length, more): (u32, &[Rule]) = match self.strength {
            Strength::None => (1, &[]),
            Strength::Low => (6, &[]),
            Strength::Fair => (8, &[Rule::Contains(3, LETTERS_AND_NUMBERS)]),
            Strength::Good => (8, &[Rule::Contains(3, ALL)]),
            Strength::Excellent => (10, &[Rule::Contains(3, ALL), Rule::InARow(2)]),
        };
        let mut rules = vec![Rule::Length(self.min_length.unwrap_or(length).max(1))];
        rules.extend_from_slice(more);
        rules
    }

    /// Whether `person` may have `password`, but for their earlier ones: to compare with those costs a hash each.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn check(&self, password: &str, person: &Person<'_>) -> Result<(), Refusal> {
        if !self.is_strong(password) {
            return Err(Refusal::Weak);
        }
        if self.dictionary.as_ref().is_some_and(|words| words.contains(password)) {
            return Err(Refusal::Common);
        }
        if self.no_personal_info && person.is_named_in(password) {
            return Err(Refusal::Personal);
        }
        Ok(())
    }

    /// What a password must not be, each in a sentence for people.
    #[must_use]
    pub fn prohibitions(&self) -> Vec<String> {
        let common = self.dictionary.is_some().then(|| "Not one that many people use.".to_owned());
        let personal = self.no_personal_info.then(|| "Nothing of your name or email address.".to_owned());
        let used = self.history.map(|earlier| match earlier {
            0 => "Not the one that you have now.".to_owned(),
            1 => "Not the one that you have now, nor the one before.".to_owned(),
            _ => format!("Not the one that you have now, nor one of the {earlier} before."),
        });
        [common, personal, used].into_iter().flatten().collect()
    }

    fn is_strong(&self, password: &str) -> bool {
        self.rules().iter().all(|rule| rule.is_met(password))
    }

    /// The rules in the words of the sign-up endpoint, each with whether `password` meets it.
    #[must_use]
    pub fn report(&self, password: &str) -> Value {
        let rules: Vec<_> = self.rules().iter().map(|rule| rule.report(password)).collect();
        json!({ "rules": rules, "verified": self.is_strong(password) })
    }

    /// The rules as one text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        for rule in self.rules() {
            lines.push(format!("* {}", rule.sentence()));
            if let Rule::Contains(_, kinds) = rule {
                lines.extend(kinds.iter().map(|kind| format!("  * {}", kind.words())));
            }
        }
        lines.join("\n")
    }
}

impl Rule {
    /// Whether `password` meets it. Characters are those of Unicode.
    #[must_use]
    pub fn is_met(self, password: &str) -> bool {
        match self {
            Self::Length(least) => password.chars().count() >= least as usize,
            Self::Contains(needed, kinds) => {
                kinds.iter().filter(|kind| kind.is_in(password)).count() >= needed
            }
            Self::InARow(most) => {
                let characters: Vec<char> = password.chars().collect();
                characters.chunk_by(|left, right| left == right).all(|run| run.len() <= most as usize)
            }
        }
    }

    /// It in words.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Length(least) => format!("At least {least} characters in length"),
            Self::Contains(needed, kinds) if needed == kinds.len() => "Should contain:".to_owned(),
            Self::Contains(needed, kinds) => {
                format!("Contain at least {needed} of the following {} types of characters:", kinds.len())
            }
            Self::InARow(most) => {
                format!("No more than {most} identical characters in a row (e.g., \"aaa\" not allowed)")
            }
        }
    }

    fn report(self, password: &str) -> Value {
        let verified = self.is_met(password);
        match self {
            Self::Length(least) => json!({
                "code": "lengthAtLeast",
                "message": "At least %d characters in length",
                "format": [least],
                "verified": verified,
            }),
            Self::Contains(needed, kinds) => {
                let items: Vec<_> = kinds.iter().map(|kind| kind.report(password)).collect();
                if needed == kinds.len() {
                    json!({ "code": "shouldContain", "message": "Should contain:", "items": items, "verified": verified })
                } else {
                    json!({
                        "code": "containsAtLeast",
                        "message": "Contain at least %d of the following %d types of characters:",
                        "format": [needed, kinds.len()],
                        "items": items,
                        "verified": verified,
                    })
                }
            }
            Self::InARow(most) => json!({
                "code": "identicalChars",
                "message": "No more than %d identical characters in a row (e.g., \"%s\" not allowed)",
                "format": [most, "aaa"],
                "verified": verified,
            }),
        }
    }
}

impl Kind {
    /// Its word, for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LowerCase => "lowerCase",
            Self::UpperCase => "upperCase",
            Self::Numbers => "numbers",
            Self::Special => "specialCharacters",
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::LowerCase => "lower case letters (a-z)",
            Self::UpperCase => "upper case letters (A-Z)",
            Self::Numbers => "numbers (i.e. 0-9)",
            Self::Special => "special characters (e.g. !@#$%^&*)",
        }
    }

    /// What it is called among others.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::LowerCase => "lower case",
            Self::UpperCase => "upper case",
            Self::Numbers => "numbers",
            Self::Special => "special characters",
        }
    }

    /// Whether a character of this kind is in `password`.
    #[must_use]
    pub fn is_in(self, password: &str) -> bool {
        password.chars().any(|character| match self {
            Self::LowerCase => character.is_ascii_lowercase(),
            Self::UpperCase => character.is_ascii_uppercase(),
            Self::Numbers => character.is_ascii_digit(),
            Self::Special => !character.is_alphanumeric(),
        })
    }

    fn report(self, password: &str) -> Value {
        json!({ "code": self.as_str(), "message": self.words(), "verified": self.is_in(password) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(strength: Strength) -> PasswordPolicy {
        PasswordPolicy { strength, ..PasswordPolicy::default() }
    }

    #[test]
    fn each_strength_asks_for_what_its_name_promises() {
        use Strength::{Excellent, Fair, Good, Low, None};
        for (password, allowed_by) in [
            ("", &[][..]),
            ("a", &[None]),
            ("abcdef", &[None, Low]),
            ("abcdefgh", &[None, Low]),
            ("abcdefG1", &[None, Low, Fair, Good]),
            ("abcdefg1!", &[None, Low, Good]),
            ("abcdefg1!x", &[None, Low, Good, Excellent]),
            ("abcdefg1!!!", &[None, Low, Good]),
            ("pässwörter", &[None, Low]),
            ("Ada 1843", &[None, Low, Fair, Good]),
        ] {
            for strength in [None, Low, Fair, Good, Excellent] {
                let allowed = policy(strength).is_strong(password);
                assert_eq!(allowed, allowed_by.contains(&strength), "{password} by {strength:?}");
            }
        }
    }

    #[test]
    fn the_length_may_be_set() {
        let long = PasswordPolicy { min_length: Some(12), ..policy(Strength::Low) };
        assert!(!long.is_strong("abcdefghijk") && long.is_strong("abcdefghijkl"));
        let zero = PasswordPolicy { min_length: Some(0), ..policy(Strength::None) };
        assert!(!zero.is_strong(""), "an empty password is none");
    }

    #[test]
    fn what_is_off_refuses_nothing_and_the_first_reason_is_told() {
        let ada = Person { username: Some("countess"), ..Person::default() };
        let low = policy(Strength::Low);
        let dictionary = Some(Dictionary::from_iter(["analytical"]));
        let strict = PasswordPolicy { dictionary, no_personal_info: true, ..low.clone() };
        for (password, refusal) in [
            ("short", Some(Refusal::Weak)),
            ("12345", Some(Refusal::Weak)),
            ("123456", Some(Refusal::Common)),
            ("Analytical", Some(Refusal::Common)),
            ("the COUNTESS of", Some(Refusal::Personal)),
            ("analytical engine", None),
        ] {
            assert_eq!(strict.check(password, &ada).err(), refusal, "{password}");
            assert_eq!(low.check(password, &ada).is_ok(), password.len() >= 6, "{password}");
        }
        assert_eq!(low.prohibitions(), Vec::<String>::new());
        let all = PasswordPolicy { history: Some(5), ..strict };
        assert_eq!(
            all.prohibitions(),
            [
                "Not one that many people use.",
                "Nothing of your name or email address.",
                "Not the one that you have now, nor one of the 5 before.",
            ]
        );
    }

    #[test]
    fn the_report_says_what_is_missing() {
        insta::assert_json_snapshot!(policy(Strength::Excellent).report("abc111"));
        assert_eq!(
            policy(Strength::Good).text(),
            "* At least 8 characters in length\n* Contain at least 3 of the following 4 types of characters:\n  * lower case letters (a-z)\n  * upper case letters (A-Z)\n  * numbers (i.e. 0-9)\n  * special characters (e.g. !@#$%^&*)"
        );
    }
}
