//! What a session takes from an ID token.

use serde_json::{Map, Value, json};
use stepup_protocol::{claims::IdTokenClaims, time::UnixTime};

/// Whose login it is, and what a session keeps of the claims of an ID token that was checked.
#[derive(Clone, Debug)]
pub(crate) struct UserClaims {
    /// `sub`.
    pub(crate) subject: String,
    /// The tenant's session.
    pub(super) sid: Option<String>,
    /// The end of the session that the identity provider set.
    pub(super) session_expiry: Option<UnixTime>,
    /// The claims without those that speak of the ID token itself.
    pub(super) profile: Map<String, Value>,
}

impl From<IdTokenClaims> for UserClaims {
    fn from(claims: IdTokenClaims) -> Self {
        let mut profile = claims.other;
        profile.remove("c_hash");
        let session_expiry = profile.remove("session_expiry").as_ref().and_then(sensible_time);
        profile.insert("sub".to_owned(), json!(claims.sub));
        let known = [
            ("auth_time", claims.auth_time.map(|time| json!(time))),
            ("acr", claims.acr.map(Value::String)),
            ("amr", claims.amr.map(Value::from)),
            ("sid", claims.sid.clone().map(Value::String)),
            ("org_id", claims.org_id.map(Value::String)),
            ("org_name", claims.org_name.map(Value::String)),
        ];
        profile.extend(known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Self { subject: claims.sub, sid: claims.sid, session_expiry, profile }
    }
}

/// Seconds since the epoch, where they are a time that a session may end at.
fn sensible_time(seconds: &Value) -> Option<UnixTime> {
    let seconds = seconds.as_i64()?;
    (0 < seconds && seconds < 10_000_000_000).then(|| UnixTime::from_seconds(seconds))
}
