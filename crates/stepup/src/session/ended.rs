//! Sessions that ended lately: what was under way meanwhile must not bring them back.
//!
//! A session lies in the browser alone. A request that opened it before the logout, and is answered after it, would write it
//! once more; it is known here by what stays the same while it lasts.

use std::time::Duration;

use stepup_protocol::time::UnixTime;
use stepup_seal::digest;

use super::Session;
use crate::lately::{Digest, Lately};

/// How long a request may take that began before the end.
const REMEMBERED_FOR: Duration = Duration::from_secs(10 * 60);

/// Which session it is, as a digest: its user, when they logged in, and the tenant's own session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(pub(super) Digest);

impl Session {
    pub(super) fn identity(&self) -> Identity {
        let Self { subject, internal, .. } = self;
        let text = format!("{}\n{}\n{subject}", internal.created_at.seconds(), internal.sid);
        Identity(digest::sha256(text.as_bytes()))
    }
}

/// The sessions that ended lately in this process.
#[derive(Debug, Default)]
pub(crate) struct EndedSessions(Lately);

impl EndedSessions {
    /// Notes its end, and tells whether that is news.
    pub(super) fn end(&self, session: Identity, now: UnixTime) -> bool {
        self.0.note(session.0, now + REMEMBERED_FOR, now)
    }

    /// A login began a session that cannot be told from one that ended.
    pub(super) fn begin(&self, session: Identity) {
        self.0.forget(&session.0);
    }

    pub(super) fn holds(&self, session: impl FnOnce() -> Identity, now: UnixTime) -> bool {
        self.0.holds(|| session().0, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u32) -> Identity {
        Identity(digest::sha256(&number.to_be_bytes()))
    }

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_seconds(0) + Duration::from_secs(seconds)
    }

    #[test]
    fn an_end_is_remembered_for_a_while() {
        let ended = EndedSessions::default();
        assert!(!ended.holds(|| session(1), at(0)));
        assert!(ended.end(session(1), at(0)) && !ended.end(session(1), at(0)));
        for (second, is_held) in [(0, true), (599, true), (600, false)] {
            assert_eq!(ended.holds(|| session(1), at(second)), is_held, "{second}");
        }
        assert!(!ended.holds(|| session(2), at(0)));
        ended.begin(session(1));
        assert!(!ended.holds(|| session(1), at(0)));
    }
}
