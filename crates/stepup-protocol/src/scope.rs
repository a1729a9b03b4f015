//! Scope lists (RFC 6749 section 3.3): space-separated words whose order carries no meaning.

use std::{collections::HashSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Up to here the words that are held are compared with a new one each; it is the quickest while they are few.
const FEW: usize = 32;

/// A list of scopes without duplicates, kept in the order they first came in: as the words of one text, since that is
/// how it travels and a copy of it is made for every token set, request and outcome.
///
/// ```
/// use stepup_protocol::scope::Scopes;
///
/// let wanted: Scopes = "openid  transfer:funds openid".parse().unwrap();
/// assert_eq!(wanted.to_string(), "openid transfer:funds");
/// assert!(wanted.contains("openid"));
/// assert!(wanted.includes(&"transfer:funds".parse().unwrap()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scopes(String);

impl Scopes {
    /// No scope.
    #[must_use]
    pub const fn none() -> Self {
        Self(String::new())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `scope` is one of them.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.iter().any(|held| held == scope)
    }

    /// Whether every scope of `wanted` is one of them.
    #[must_use]
    pub fn includes(&self, wanted: &Self) -> bool {
        wanted.iter().all(|scope| self.contains(scope))
    }

    /// Whether both hold the same scopes, in whatever order.
    #[must_use]
    pub fn same_set(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.includes(other)
    }

    /// The scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Adds `scope` at the end unless it is there; each word of it, if it has several.
    pub fn insert(&mut self, scope: &str) {
        *self = self.iter().chain([scope]).collect();
    }

    /// Removes `scope` if it is there.
    pub fn remove(&mut self, scope: &str) {
        *self = self.filter(|held| held != scope);
    }

    /// These, followed by those of `other` that are new.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).collect()
    }

    /// Those of these for which `keep` holds.
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        self.iter().filter(|scope| keep(scope)).collect()
    }

    /// The words joined by single spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The words joined by single spaces, or nothing for an empty list: what goes into a request.
    #[must_use]
    pub fn to_parameter(&self) -> Option<String> {
        (!self.is_empty()).then(|| self.0.clone())
    }
}

impl From<&str> for Scopes {
    fn from(text: &str) -> Self {
        Self::from_iter([text])
    }
}

impl From<String> for Scopes {
    fn from(text: String) -> Self {
        if is_in_order(&text) { Self(text) } else { Self::from(text.as_str()) }
    }
}

/// Whether `text` is few words, each once, with one space between two, as it is written here: it can stay then.
fn is_in_order(text: &str) -> bool {
    let (mut words, mut count, mut length) = ([""; FEW], 0, 0);
    for word in text.split_ascii_whitespace() {
        if count == FEW || words[..count].contains(&word) {
            return false;
        }
        words[count] = word;
        length += word.len() + usize::from(count > 0);
        count += 1;
    }
    let other_space = |byte: u8| byte.is_ascii_whitespace() & (byte != b' ');
    length == text.len() && !text.bytes().fold(false, |any, byte| any | other_space(byte))
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.0
    }
}

impl FromStr for Scopes {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::from(text))
    }
}

impl<'a> FromIterator<&'a str> for Scopes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(scopes: I) -> Self {
        let mut words = Vec::with_capacity(8);
        let mut many = HashSet::new();
        for word in scopes.into_iter().flat_map(str::split_ascii_whitespace) {
            let is_new = if words.len() < FEW {
                !words.contains(&word)
            } else {
                many.extend(words.iter().skip(many.len()));
                many.insert(word)
            };
            if is_new {
                words.push(word);
            }
        }
        Self(words.join(" "))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_duplicates_are_dropped() {
        let scopes = Scopes::from(" b a  b\tc ");
        assert_eq!(scopes.to_string(), "b a c");
        assert!(scopes.same_set(&Scopes::from("c b a")));
        assert!(!scopes.same_set(&Scopes::from("c b")));
        assert_eq!(scopes.union(&Scopes::from("d a")).to_string(), "b a c d");
        assert_eq!(scopes.filter(|scope| scope != "a").to_string(), "b c");
        assert_eq!(Scopes::from("  ").to_parameter(), None);
    }

    #[test]
    fn a_text_that_is_in_order_or_not_is_read_as_its_words() {
        let many: Vec<String> = (0..2 * FEW).map(|number| number.to_string()).collect();
        let (few, many) = (many[..FEW].join(" "), many.join(" "));
        for text in ["", " ", "a", "a b c", "a  b", " a", "a ", "a\tb", "a\tb c", "a b a", "é b", &few, &many]
        {
            assert_eq!(Scopes::from(text.to_owned()), Scopes::from(text), "{text:?}");
        }
        assert!(is_in_order("") && is_in_order("a b c") && is_in_order(&few));
        for not in [" ", "a  b", " a", "a ", "a\tb", "a b a", &many] {
            assert!(!is_in_order(not), "{not:?}");
        }
    }

    #[test]
    fn many_words_are_told_apart_as_few_are() {
        let words: Vec<_> = (0..30_000).map(|number| (number % 15_000).to_string()).collect();
        let scopes = Scopes::from(words.join(" "));
        assert_eq!(scopes.as_str(), words[..15_000].join(" "));
    }

    #[test]
    fn several_words_at_once_are_several_scopes() {
        let mut scopes = Scopes::from("a b");
        scopes.insert(" c  a ");
        scopes.insert("");
        assert_eq!(scopes.as_str(), "a b c");
        assert_eq!(["d e", "e"].into_iter().collect::<Scopes>().len(), 2);
    }
}
