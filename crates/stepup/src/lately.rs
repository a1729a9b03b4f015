//! What happened lately in this process, by its digest: what lies in a browser cannot be relied on to tell that it is over.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use stepup_protocol::time::UnixTime;

/// How many are remembered at most; beyond, those go whose time is over first.
const REMEMBERED: usize = 4096;

/// A digest of what happened.
pub(crate) type Digest = [u8; 32];

/// What happened, and until when each is remembered.
#[derive(Debug, Default)]
pub(crate) struct Lately(Mutex<HashMap<Digest, UnixTime>>);

impl Lately {
    /// Notes it until then, and tells whether that is news.
    pub(crate) fn note(&self, what: Digest, until: UnixTime, now: UnixTime) -> bool {
        let mut all = self.lock();
        if all.len() >= REMEMBERED {
            all.retain(|_, until| now < *until);
        }
        if all.len() >= REMEMBERED
            && let Some(oldest) = all.iter().min_by_key(|(_, until)| **until).map(|(oldest, _)| *oldest)
        {
            all.remove(&oldest);
        }
        all.insert(what, until).is_none_or(|until| until <= now)
    }

    pub(crate) fn forget(&self, what: &Digest) {
        self.lock().remove(what);
    }

    pub(crate) fn holds(&self, what: impl FnOnce() -> Digest, now: UnixTime) -> bool {
        let all = self.lock();
        !all.is_empty() && all.get(&what()).is_some_and(|until| now < *until)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, UnixTime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When what is over was removed last: looking at everything takes long where there is much, and once a second is enough.
#[derive(Debug, Default)]
pub(crate) struct Sweep(AtomicI64);

impl Sweep {
    pub(crate) fn is_due(&self, now: UnixTime) -> bool {
        self.0.swap(now.seconds(), Ordering::Relaxed) != now.seconds()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stepup_seal::digest;

    use super::*;

    fn thing(number: usize) -> Digest {
        digest::sha256(&number.to_be_bytes())
    }

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_seconds(0) + Duration::from_secs(seconds)
    }

    #[test]
    fn it_is_news_once_until_it_is_forgotten() {
        let lately = Lately::default();
        assert!(lately.note(thing(1), at(60), at(0)) && !lately.note(thing(1), at(60), at(59)));
        assert!(lately.note(thing(2), at(60), at(0)), "another one");
        assert!(lately.note(thing(1), at(120), at(60)), "its time was over");
        lately.forget(&thing(1));
        assert!(!lately.holds(|| thing(1), at(61)) && lately.note(thing(1), at(120), at(61)));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_oldest_goes() {
        let lately = Lately::default();
        for number in 0..=REMEMBERED {
            lately.note(thing(number), at(600 + u64::from(number > 0)), at(1));
        }
        assert_eq!(lately.lock().len(), REMEMBERED);
        assert!(!lately.holds(|| thing(0), at(1)) && lately.holds(|| thing(1), at(1)));
    }
}
