//! A browser's session with the tenant.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stepup_protocol::{mfa::FactorType, time::UnixTime};

use crate::actions::CookieMode;

/// A session: what lets a user into a second application without a password.
///
/// Its cookie carries a secret of its own, so that the `sid` in tokens opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSession {
    /// The `sid` of ID tokens.
    pub id: String,
    /// Who is logged in.
    pub user_id: String,
    /// How the user proved it, oldest first.
    pub methods: Vec<AuthenticationMethod>,
    /// Whether the user entered a code from the mailbox of the profile, which is no second factor.
    #[serde(default)]
    pub mailbox_proved: bool,
    /// The applications that were logged in to with it.
    pub clients: Vec<String>,
    /// When the user last gave a password: `auth_time`.
    pub authenticated_at: UnixTime,
    /// When it began.
    pub created_at: UnixTime,
    /// When it was last used.
    pub last_interacted_at: UnixTime,
    /// When it ends unless used before.
    pub idle_expires_at: UnixTime,
    /// When it ends whatever happens.
    pub expires_at: UnixTime,
    /// The browser's address and name when it began.
    pub initial_ip: String,
    /// See [`Self::initial_ip`].
    pub initial_user_agent: String,
    /// The browser's address and name when it was last used.
    #[serde(default)]
    pub last_ip: String,
    /// See [`Self::last_ip`].
    #[serde(default)]
    pub last_user_agent: String,
    /// Whether its cookie outlives the browser.
    #[serde(default)]
    pub cookie_mode: CookieMode,
    /// What Actions keep with it.
    #[serde(default)]
    pub metadata: Map<String, Value>,
}

impl TenantSession {
    /// Whether it is over at `now`.
    #[must_use]
    pub fn expired(&self, now: UnixTime) -> bool {
        now >= self.expires_at || now >= self.idle_expires_at
    }

    /// Whether a second factor was passed in it.
    #[must_use]
    pub fn has_mfa(&self) -> bool {
        self.methods.iter().any(|method| method.name == AuthenticationMethod::MFA)
    }
}

/// One thing that a user proved: an entry of `event.authentication.methods`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationMethod {
    /// `pwd`, `mfa`, or a URL that an Action recorded.
    pub name: String,
    /// When.
    pub timestamp: UnixTime,
    /// For `mfa`: which factor.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<FactorType>,
}

impl AuthenticationMethod {
    /// The name of a second factor.
    pub const MFA: &str = "mfa";
    /// The name of a password.
    pub const PASSWORD: &str = "pwd";

    /// A password given at `timestamp`.
    #[must_use]
    pub fn password(timestamp: UnixTime) -> Self {
        Self { name: Self::PASSWORD.to_owned(), timestamp, factor: None }
    }

    /// A second factor passed at `timestamp`.
    #[must_use]
    pub fn mfa(factor: FactorType, timestamp: UnixTime) -> Self {
        Self { name: Self::MFA.to_owned(), timestamp, factor: Some(factor) }
    }
}
