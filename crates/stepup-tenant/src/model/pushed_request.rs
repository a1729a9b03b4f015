//! Authorization requests that came ahead of the browser.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stepup_protocol::time::UnixTime;

/// What a `request_uri` stands for (RFC 9126 section 2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedRequest {
    /// The client that pushed it: nobody else may use it.
    pub client_id: String,
    /// The authorization request, without what proved the client.
    pub parameters: BTreeMap<String, String>,
    /// Not good any more from then on.
    pub expires_at: UnixTime,
}
