//! What is wrong with a configuration.

use std::{fmt, io, path::PathBuf};

use super::{excerpt::excerpt, place::Position, source::Filled};

/// Why a configuration, or the users, cannot be used. The message names the file, the place in it and the mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The text is not what it should be, or a value is not one that can be used.
    #[error("{0}")]
    Wrong(Box<Wrong>),
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wrong {
    /// The file, or what the text is.
    pub origin: String,
    /// From 1; 0 where it is not known.
    pub line: u64,
    /// From 1; 0 where it is not known.
    pub column: u64,
    /// Where in the document: `clients[0].callbacks[1]`; may be empty.
    pub place: String,
    /// What is there, what was expected, and the mend.
    pub problem: String,
    /// The lines around the place with a caret under it; may be empty.
    pub excerpt: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.origin)?;
        if self.line > 0 {
            write!(formatter, ":{}:{}", self.line, self.column)?;
        }
        if !self.place.is_empty() {
            write!(formatter, ": {}", self.place)?;
        }
        write!(formatter, ": {}", self.problem)
    }
}

impl ConfigError {
    /// The lines around the place with a caret under it, for people; none where they are not known.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        match self {
            Self::Wrong(wrong) if !wrong.excerpt.is_empty() => Some(&wrong.excerpt),
            _ => None,
        }
    }

    /// What is wrong at a position of `written`: the text as it is in the file, without the values of keywords.
    pub(super) fn at(origin: &str, place: &str, problem: String, written: &str, at: Position) -> Self {
        Self::Wrong(Box::new(Wrong {
            origin: origin.to_owned(),
            line: at.line,
            column: at.column,
            place: place.to_owned(),
            problem,
            excerpt: excerpt(written, at),
        }))
    }

    /// What is wrong with YAML that `filled` is, which was made of `written`.
    pub(super) fn yaml(origin: &str, written: &str, filled: &Filled, error: &serde_saphyr::Error) -> Self {
        let at = error.location().map_or_else(Position::default, |location| Position {
            line: location.line(),
            column: location.column(),
        });
        let error = error.without_snippet();
        let message = match error {
            serde_saphyr::Error::DuplicateMappingKey { key, .. } => {
                format!("`{}` is here a second time", key.as_deref().unwrap_or("a member"))
            }
            serde_saphyr::Error::MultipleDocuments { .. } => {
                "a second document begins here: a configuration is one, without `---` between its parts"
                    .to_owned()
            }
            error => error.to_string(),
        };
        // The place stands before the message already.
        let message = message.trim_start_matches("error: ");
        let message = message.trim_end_matches(&format!(" at line {}, column {}", at.line, at.column));
        let message = message.lines().next().unwrap_or_default().to_owned();
        Self::at(origin, "", message, written, filled.written_at(written, at))
    }

    pub(super) fn json(origin: &str, written: &str, error: &serde_json::Error) -> Self {
        let at = Position { line: error.line() as u64, column: error.column() as u64 };
        let message = error.to_string();
        let message = message.trim_end_matches(&format!(" at line {} column {}", at.line, at.column));
        Self::at(origin, "", without_value(message), written, at)
    }
}

/// The message of a type error without the value, which may be a secret, and in words for people who write no Rust.
pub(super) fn without_value(message: &str) -> String {
    for start in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) =
            message.strip_prefix(start).and_then(|rest| rest.rsplit_once(", expected "))
        {
            let found = match found.split([' ', '`', '"']).next().unwrap_or_default() {
                "floating" | "integer" => "a number".to_owned(),
                "map" => "a mapping".to_owned(),
                "null" | "unit" => "nothing".to_owned(),
                "sequence" => "a list".to_owned(),
                kind => format!("a {kind}"),
            };
            let expected = match expected {
                "a map" => "a mapping",
                "a sequence" => "a list",
                "f64" => "a number",
                "i64" | "u16" | "u32" | "u64" | "usize" => "a whole number",
                structure if structure.starts_with("struct ") => "a mapping",
                other => other,
            };
            return format!("there is {found} where {expected} is expected");
        }
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_error_is_told_in_words_and_without_the_value() {
        for (message, told) in [
            (
                "invalid type: integer `12345`, expected a string",
                "there is a number where a string is expected",
            ),
            (
                "invalid type: string \"s, expected u32\", expected u32",
                "there is a string where a whole number is expected",
            ),
            (
                "invalid value: integer `-1`, expected u64",
                "there is a number where a whole number is expected",
            ),
            (
                "invalid type: floating point `0.5`, expected u16",
                "there is a number where a whole number is expected",
            ),
            ("invalid type: map, expected a sequence", "there is a mapping where a list is expected"),
            ("invalid type: null, expected struct Client", "there is nothing where a mapping is expected"),
            ("missing field `name`", "missing field `name`"),
        ] {
            assert_eq!(without_value(message), told);
        }
    }
}
