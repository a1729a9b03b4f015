//! The configuration that is used without a file: clients `webapp`, `spa`, `native` and `m2m`, one API, one directory,
//! and an Action that asks for a second factor when a refresh token is exchanged for a token of that API.

use serde_json::Value;

use super::{
    ConfigError,
    source::{Files, Keywords},
};

/// The API of the built-in configuration.
pub const API: &str = "https://api.example.com";

/// The built-in document, read as any other.
pub(super) fn files() -> Result<Files, ConfigError> {
    let mut files = Files::single("the built-in configuration", TEXT, &Keywords::default())?;
    files.built_in = true;
    if let Some(Value::Array(actions)) = files.members.get_mut("actions") {
        for action in actions {
            action["code"] = STEP_UP.into();
        }
    }
    Ok(files)
}

const TEXT: &str = include_str!("built_in.yaml");
const STEP_UP: &str = include_str!("../../../../examples/actions/step-up.js");

#[cfg(test)]
impl super::TenantConfig {
    /// The built-in configuration of a tenant on this machine.
    pub(crate) fn built_in() -> Self {
        let issuer = crate::state::Issuer::new("http://localhost:4400/".parse().unwrap());
        super::configuration::config_of(&files().unwrap(), &issuer).unwrap()
    }
}
