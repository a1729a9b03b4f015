//! What is wrong with a configuration.

use std::{io, path::PathBuf};

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
    /// The text is not what it should be.
    #[error("{origin}:{line}:{column}: {message}")]
    Syntax {
        /// The file, or what the text is.
        origin: String,
        /// From 1; 0 where it is not known.
        line: u64,
        /// From 1; 0 where it is not known.
        column: u64,
        /// What is there and what was expected.
        message: String,
        /// The lines around the place with a caret under it; may be empty.
        excerpt: String,
    },
    /// A value is not one that can be used.
    #[error("{origin}: {place}: {problem}")]
    Value {
        /// The file, or what the text is.
        origin: String,
        /// Where: `clients[0].callbacks[1]`.
        place: String,
        /// What is wrong, and the mend.
        problem: String,
    },
}

impl ConfigError {
    pub(super) fn yaml(origin: &str, error: &serde_saphyr::Error) -> Self {
        let (line, column) = error.location().map_or((0, 0), |location| (location.line(), location.column()));
        let message = error.without_snippet().to_string();
        // The place stands before the message already.
        let message = message.trim_start_matches("error: ");
        let message = message.trim_end_matches(&format!(" at line {line}, column {column}"));
        let excerpt = error.to_string().lines().skip(1).collect::<Vec<_>>().join("\n");
        let message = message.lines().next().unwrap_or_default().to_owned();
        Self::Syntax { origin: origin.to_owned(), line, column, message, excerpt }
    }

    pub(super) fn json(origin: &str, error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let message = message.trim_end_matches(&format!(" at line {line} column {column}")).to_owned();
        Self::Syntax {
            origin: origin.to_owned(),
            line: line as u64,
            column: column as u64,
            message,
            excerpt: String::new(),
        }
    }
}
