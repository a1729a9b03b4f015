//! Changes of the configuration.

use std::fmt;

use serde_json::Value;

/// A change of one entity of the configuration.
#[derive(Clone, PartialEq)]
pub struct Setting {
    /// The section of the document that it is in.
    pub section: String,
    /// The entity: the key of one in a list, or the name of a member of an object.
    pub key: String,
    /// What became of it.
    pub change: Change,
}

/// What became of an entity.
#[derive(Clone, PartialEq)]
pub enum Change {
    /// It is as the file says again.
    AsInFile,
    /// It is gone, whatever the file says.
    Removed,
    /// It is this, whatever the file says.
    Set(Value),
}

/// Every change that is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Grows with each change.
    pub version: u64,
    /// One an entity.
    pub changes: Vec<Setting>,
}

impl fmt::Debug for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{} {:?}", self.section, self.key, self.change)
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AsInFile => "as in the file",
            Self::Removed => "removed",
            // A client's secret may be in it.
            Self::Set(_) => "set",
        })
    }
}
