//! Where the configuration and the users come from.

use std::path::PathBuf;

/// A built-in value, text, or a file.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    BuiltIn,
    File(PathBuf),
    Text(String),
}
