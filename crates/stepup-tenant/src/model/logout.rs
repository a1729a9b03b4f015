//! Logouts that applications are told of.

use serde::{Deserialize, Serialize};
use stepup_protocol::time::UnixTime;

/// One application that has to be told that a session ended (OpenID Connect Back-Channel Logout 1.0 section 2.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutDelivery {
    /// `jti` of the logout token: the same at every attempt.
    pub id: String,
    /// The application.
    pub client_id: String,
    /// Where it is told.
    pub url: String,
    /// The session.
    pub session_id: String,
    /// Whose it was.
    pub user_id: String,
    /// When it ended.
    pub ended_at: UnixTime,
}
