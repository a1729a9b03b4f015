//! Sessions that ended lately: what was under way meanwhile must not bring them back.
//!
//! A session lies in the browser alone. A request that opened it before the logout, and is answered after it, would write it
//! once more; it is known here by what stays the same while it lasts.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use stepup_protocol::time::UnixTime;
use stepup_seal::digest;

use super::Session;

/// How long a request may take that began before the end.
const REMEMBERED_FOR: Duration = Duration::from_secs(10 * 60);
/// How many are remembered at most; beyond, the oldest go.
const REMEMBERED: usize = 4096;

/// Which session it is, as a digest: its user, when they logged in, and the tenant's own session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity([u8; 32]);

impl Session {
    pub(super) fn identity(&self) -> Identity {
        let Self { subject, internal, .. } = self;
        let text = format!("{}\n{}\n{subject}", internal.created_at.seconds(), internal.sid);
        Identity(digest::sha256(text.as_bytes()))
    }
}

/// The sessions that ended lately in this process, and until when each is remembered.
#[derive(Debug, Default)]
pub(crate) struct EndedSessions(Mutex<HashMap<Identity, UnixTime>>);

impl EndedSessions {
    pub(super) fn end(&self, session: Identity, now: UnixTime) {
        let mut ended = self.lock();
        if ended.len() >= REMEMBERED {
            ended.retain(|_, until| now < *until);
        }
        if ended.len() >= REMEMBERED
            && let Some(oldest) = ended.iter().min_by_key(|(_, until)| **until).map(|(oldest, _)| *oldest)
        {
            ended.remove(&oldest);
        }
        ended.insert(session, now + REMEMBERED_FOR);
    }

    /// A login began a session that cannot be told from one that ended.
    pub(super) fn begin(&self, session: Identity) {
        self.lock().remove(&session);
    }

    pub(super) fn holds(&self, session: impl FnOnce() -> Identity, now: UnixTime) -> bool {
        let ended = self.lock();
        !ended.is_empty() && ended.get(&session()).is_some_and(|until| now < *until)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Identity, UnixTime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        ended.end(session(1), at(0));
        for (second, is_held) in [(0, true), (599, true), (600, false)] {
            assert_eq!(ended.holds(|| session(1), at(second)), is_held, "{second}");
        }
        assert!(!ended.holds(|| session(2), at(0)));
        ended.begin(session(1));
        assert!(!ended.holds(|| session(1), at(0)));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_oldest_goes() {
        let ended = EndedSessions::default();
        for number in 0..=REMEMBERED {
            ended.end(session(number.try_into().unwrap()), at(u64::from(number > 0)));
        }
        assert_eq!(ended.lock().len(), REMEMBERED);
        assert!(!ended.holds(|| session(0), at(1)) && ended.holds(|| session(1), at(1)));
    }
}
