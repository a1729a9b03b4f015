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
    #[error("{origin}: {message}")]
    Syntax {
        /// The file, or what the text is.
        origin: String,
        /// Line, column, what was expected, and the lines with a caret.
        message: String,
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
