//! What is under way between two requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stepup_protocol::{scope::Scopes, time::UnixTime, token::GrantType};

use super::Digest;

/// A login under way on the pages: from `/authorize` to its redirect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoginTransaction {
    /// What ties its requests and log events together.
    #[serde(default)]
    pub transaction_id: String,
    /// The client that asked.
    pub client_id: String,
    /// The authorization request as it was accepted.
    pub parameters: BTreeMap<String, String>,
    /// The browser it belongs to: the digest of its transaction cookie.
    pub browser: Digest,
    /// Who gave a right password, or whose session it is.
    pub user_id: Option<String>,
    /// The session that was there at the start, or was made by this login.
    pub session_id: Option<String>,
    /// How far the Actions and the factors have come, as the pipeline writes it.
    pub progress: Value,
    /// What the pages keep between two of their requests, as they write it.
    pub page: Value,
    /// When it began.
    pub created_at: UnixTime,
    /// When it is given up.
    pub expires_at: UnixTime,
}

/// What an `mfa_token` stands for: a token request that waits for a second factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MfaTransaction {
    /// What ties its requests and log events together.
    #[serde(default)]
    pub transaction_id: String,
    /// The client that it was issued to.
    pub client_id: String,
    /// Who must prove the factor.
    pub user_id: String,
    /// The connection of the user.
    pub connection: String,
    /// The grant that was answered with `mfa_required`.
    pub grant: GrantType,
    /// The API that the request was for.
    pub audience: Option<String>,
    /// What will be granted.
    pub scope: Scopes,
    /// The session behind the request, if any.
    pub session_id: Option<String>,
    /// For a refresh: the digest of the token that was presented and not spent.
    pub refresh_token: Option<Digest>,
    /// Thumbprint of the key that the request proved (RFC 9449): the request that ends it must prove the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// How far the Actions and the factors have come, as the pipeline writes it.
    pub progress: Value,
    /// The parameters of the request that Actions may see, secrets removed.
    pub request: Map<String, Value>,
    /// When it was issued.
    pub created_at: UnixTime,
    /// Not good any more from then on; kept a while longer, to be told from a token that never was.
    pub expires_at: UnixTime,
}
