//! What was granted and can be exchanged for tokens.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stepup_protocol::{scope::Scopes, time::UnixTime, token::GrantType};

use super::AuthenticationMethod;
use crate::actions::Changes;

/// What an authorization code stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// What ties the requests and log events of the login together.
    #[serde(default)]
    pub transaction_id: String,
    /// The client it was issued to.
    pub client_id: String,
    /// Who logged in.
    pub user_id: String,
    /// The session it came from: the `sid` of the ID token.
    pub session_id: String,
    /// The family of a refresh token issued for it, named now so that a replay of the code can revoke it.
    pub family: String,
    /// Where the code was sent, if the request said so: then the exchange must say it too.
    pub redirect_uri: Option<String>,
    /// PKCE (RFC 7636).
    pub code_challenge: Option<CodeChallenge>,
    /// The key that the tokens are to be bound to, where the request named one (`dpop_jkt`, RFC 9449 section 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// For the ID token.
    pub nonce: Option<String>,
    /// The API asked for.
    pub audience: Option<String>,
    /// What was granted.
    pub scope: Scopes,
    /// `auth_time` of the ID token, where the request or the client demands it.
    pub auth_time: Option<UnixTime>,
    /// Whether a second factor was passed in this very transaction: `amr` and `acr` of the ID token.
    pub mfa: bool,
    /// How the user proved who they are.
    pub methods: Vec<AuthenticationMethod>,
    /// What Actions want done to the tokens.
    pub changes: Changes,
    /// When it was issued.
    pub created_at: UnixTime,
    /// Not good any more from then on.
    pub expires_at: UnixTime,
}

/// The challenge of an authorization request (RFC 7636 section 4.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChallenge {
    /// The challenge as it came.
    pub value: String,
    /// How it was made from the verifier.
    pub method: CodeChallengeMethod,
}

/// How a challenge is made from its verifier (RFC 7636 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeChallengeMethod {
    /// It is the verifier.
    #[serde(rename = "plain")]
    Plain,
    /// base64url of the verifier's SHA-256.
    S256,
}

/// What a refresh token stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefreshToken {
    /// `rt_{24 characters}`: its public name, in logs and for Actions.
    pub id: String,
    /// All tokens that descend from one login; revoked together.
    pub family: String,
    /// The token it was exchanged for, if any.
    pub parent: Option<String>,
    /// The client it was issued to.
    pub client_id: String,
    /// Whose it is.
    pub user_id: String,
    /// The session of the login, where there was one.
    pub session_id: Option<String>,
    /// The grant of the login.
    pub grant: GrantType,
    /// The API of the login.
    pub audience: Option<String>,
    /// What was granted at the login.
    pub scope: Scopes,
    /// How the user proved who they are.
    pub methods: Vec<AuthenticationMethod>,
    /// Thumbprint of the key that it is bound to: a public client's, where it proved one (RFC 9449 section 5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// Whether an exchange replaces it.
    pub rotating: bool,
    /// When this token was issued.
    pub created_at: UnixTime,
    /// When the family ends whatever happens; a rotation does not move it.
    pub expires_at: Option<UnixTime>,
    /// When it ends unless used before.
    pub idle_expires_at: Option<UnixTime>,
    /// When it was last exchanged.
    pub last_exchanged_at: Option<UnixTime>,
    /// Who got the first of the family, and who used it last.
    #[serde(default)]
    pub device: Box<Device>,
    /// What Actions keep with it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

/// Addresses and names (`User-Agent`) of those who hold a refresh token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Of whoever got the first of the family.
    pub initial_ip: String,
    /// See [`Self::initial_ip`].
    pub initial_user_agent: String,
    /// Of whoever exchanged it last.
    pub last_ip: String,
    /// See [`Self::last_ip`].
    pub last_user_agent: String,
}

impl RefreshToken {
    /// Whether it is over at `now`.
    #[must_use]
    pub fn expired(&self, now: UnixTime) -> bool {
        [self.expires_at, self.idle_expires_at].into_iter().flatten().any(|end| now >= end)
    }
}
