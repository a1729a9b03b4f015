//! What names a person, and so is the first that somebody who knows them tries.

use crate::model::User;

/// The names of whoever chooses a password.
#[derive(Clone, Copy, Debug, Default)]
pub struct Person<'a> {
    /// E-mail address: what stands before the `@` counts.
    pub email: Option<&'a str>,
    /// User name.
    pub username: Option<&'a str>,
    /// Full name: as a whole, and each word of it.
    pub name: Option<&'a str>,
    /// Short name.
    pub nickname: Option<&'a str>,
    /// First name.
    pub given_name: Option<&'a str>,
    /// Last name.
    pub family_name: Option<&'a str>,
}

impl Person<'_> {
    /// Whether `password` holds one of the names, without regard to case. Names of one or two characters are in too many
    /// words to count.
    #[must_use]
    pub fn is_named_in(&self, password: &str) -> bool {
        let password = password.to_lowercase();
        let names = [self.username, self.name, self.nickname, self.given_name, self.family_name];
        let words =
            names.into_iter().flatten().flat_map(|name| [name].into_iter().chain(name.split_whitespace()));
        // A name may be an address too, where nothing better is known.
        let parts = words.chain(self.email).map(|word| word.split('@').next().unwrap_or(word).trim());
        parts
            .filter(|part| part.chars().count() >= SHORTEST)
            .any(|part| password.contains(&part.to_lowercase()))
    }
}

const SHORTEST: usize = 3;

impl<'a> From<&'a User> for Person<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            email: user.email.as_deref(),
            username: user.username.as_deref(),
            name: Some(&user.name),
            nickname: Some(&user.nickname),
            given_name: user.given_name.as_deref(),
            family_name: user.family_name.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_they_stand() {
        let grace = Person {
            email: Some("amazing.grace@example.com"),
            username: Some("gh"),
            name: Some("Grace Brewster Hopper"),
            nickname: Some("cobol@navy.example"),
            given_name: Some("Jo"),
            family_name: Some("Müller"),
        };
        for (password, named) in [
            ("xx-HOPPER-1906", true),
            ("brewster!", true),
            ("my MÜLLER 1", true),
            ("Amazing.Grace99", true),
            ("cobol60", true),
            ("example.com 1906", false),
            ("gh or jo 1906", false),
            ("nanoseconds", false),
        ] {
            assert_eq!(grace.is_named_in(password), named, "{password}");
        }
        assert!(!Person { name: Some(""), email: Some("@"), ..Person::default() }.is_named_in("anything"));
    }
}
