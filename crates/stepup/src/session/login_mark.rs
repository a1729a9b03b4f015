//! Which login began a session: so that its callback, coming a second time by the back button or a reload, is known for
//! what it is.

use serde_json::{Map, Value};
use stepup_seal::{base64url, digest};

use super::Session;

/// The member of `internal` that holds it. Other SDKs keep what they do not know.
const MEMBER: &str = "login";
/// The bytes of a state's digest that are kept: nobody gains by finding another state with the same ones.
const DIGEST: usize = 12;
/// Longest way back that is worth its place in the cookie.
const LONGEST: usize = 256;

impl Session {
    /// Remembers the login by its state, which is good for nothing any more, and where it led.
    pub(crate) fn mark_login(&mut self, state: &str, return_to: &str) {
        let mut mark = Map::new();
        mark.insert("state".to_owned(), digest_of(state).into());
        if return_to.len() <= LONGEST {
            mark.insert("returnTo".to_owned(), return_to.into());
        }
        self.internal.other.insert(MEMBER.to_owned(), Value::Object(mark));
    }

    /// Whether the login with this state began the session, and where it led, where that is remembered.
    pub(crate) fn began_with(&self, state: &str) -> Option<Option<&str>> {
        let mark = self.internal.other.get(MEMBER)?;
        let same = mark.get("state")?.as_str()? == digest_of(state);
        same.then(|| mark.get("returnTo").and_then(Value::as_str))
    }
}

fn digest_of(state: &str) -> String {
    base64url::encode(&digest::sha256(state.as_bytes())[..DIGEST])
}
