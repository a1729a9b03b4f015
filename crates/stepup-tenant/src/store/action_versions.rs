//! What was ever deployed of Actions.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::Stored;

/// One deployed state of an Action.
#[derive(Clone, Debug)]
pub struct ActionVersion {
    /// Its id.
    pub id: String,
    /// Which Action it is of.
    pub action_id: String,
    /// From 1, in the order of deployment; the store gives it.
    pub number: u32,
    /// Its members on the wire, without secrets.
    pub members: Map<String, Value>,
    /// Its secrets as JSON. Sealed at rest.
    pub secrets: SecretString,
}

/// Keeps what was deployed.
pub trait ActionVersions: Send + Sync {
    /// Adds a version, and returns the number that it gets.
    ///
    /// # Errors
    /// [`super::StoreError::Conflict`] where the id is taken.
    fn insert_version<'a>(&'a self, version: &'a ActionVersion) -> Stored<'a, u32>;

    /// The versions of an Action, newest first.
    ///
    /// # Errors
    /// The store failed.
    fn versions<'a>(&'a self, action_id: &'a str) -> Stored<'a, Vec<ActionVersion>>;

    /// Removes the versions of an Action.
    ///
    /// # Errors
    /// The store failed.
    fn delete_versions<'a>(&'a self, action_id: &'a str) -> Stored<'a, ()>;
}
