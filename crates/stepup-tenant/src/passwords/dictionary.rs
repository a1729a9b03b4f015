//! Passwords that are too common: a list of ours, and what a connection adds to it.

use std::collections::BTreeSet;

/// Words that nobody may choose, without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dictionary(BTreeSet<String>);

impl Dictionary {
    /// Whether `password` is one of the words, or one of those that are tried first everywhere.
    #[must_use]
    pub fn contains(&self, password: &str) -> bool {
        let password = password.to_lowercase();
        self.0.contains(&password) || MOST_COMMON.lines().any(|word| word == password)
    }
}

impl<T: AsRef<str>> FromIterator<T> for Dictionary {
    fn from_iter<I: IntoIterator<Item = T>>(words: I) -> Self {
        Self(words.into_iter().map(|word| word.as_ref().to_lowercase()).collect())
    }
}

/// In lower case, one a line.
const MOST_COMMON: &str = include_str!("most_common.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_and_those_of_the_connection_are_found_in_any_case() {
        let own = Dictionary::from_iter(["Acme-2026", "Straße"]);
        for (password, found) in [
            ("password", true),
            ("P@ssw0rd", true),
            ("ACME-2026", true),
            ("STRAßE", true),
            ("acme-2026!", false),
            ("", false),
            ("Nanoseconds 1906", false),
        ] {
            assert_eq!(own.contains(password), found, "{password}");
        }
        assert!(!Dictionary::default().contains("acme-2026"));
    }

    #[test]
    fn the_list_is_in_lower_case_and_each_word_is_there_once() {
        let words: Vec<_> = MOST_COMMON.lines().collect();
        assert!(words.iter().all(|word| !word.trim().is_empty() && *word == word.to_lowercase()));
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
    }
}
