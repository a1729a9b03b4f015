//! One user's share of the places: an Action that does not end for somebody keeps nobody else waiting.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The shares of those for whom something runs or waits; nothing is kept of anybody else.
#[derive(Debug)]
pub(super) struct Shares {
    each: usize,
    users: Mutex<HashMap<String, Share>>,
}

/// What is left of a user's share, and how many run or wait.
#[derive(Debug)]
struct Share {
    places: Arc<Semaphore>,
    holders: usize,
}

impl Shares {
    /// Shares of a quarter of so many places, and of one place at least.
    pub(super) fn of(places: usize) -> Arc<Self> {
        Arc::new(Self { each: (places / 4).max(1), users: Mutex::default() })
    }

    /// How many places one user may have.
    pub(super) const fn each(&self) -> usize {
        self.each
    }

    /// Waits until the share of `user` has a place left, and takes it.
    pub(super) async fn take(self: &Arc<Self>, user: &str) -> Held {
        let (mut held, places) = self.join(user);
        // the semaphore is never closed
        held.place = places.acquire_owned().await.ok();
        held
    }

    fn join(self: &Arc<Self>, user: &str) -> (Held, Arc<Semaphore>) {
        let mut users = self.lock();
        let share = users
            .entry(user.to_owned())
            .or_insert_with(|| Share { places: Arc::new(Semaphore::new(self.each)), holders: 0 });
        share.holders += 1;
        (Held { shares: Arc::clone(self), user: user.to_owned(), place: None }, Arc::clone(&share.places))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Share>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a user's share, or the wait for one; given back when dropped.
#[derive(Debug)]
pub(super) struct Held {
    shares: Arc<Shares>,
    user: String,
    place: Option<OwnedSemaphorePermit>,
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.place.take());
        let mut users = self.shares.lock();
        if let Some(share) = users.get_mut(&self.user) {
            share.holders -= 1;
            if share.holders == 0 {
                users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[test]
    fn a_share_is_a_quarter_of_the_places_and_one_at_least() {
        for (places, each) in [(0, 1), (1, 1), (4, 1), (7, 1), (8, 2), (16, 4)] {
            assert_eq!(Shares::of(places).each(), each, "{places}");
        }
    }

    #[tokio::test]
    async fn nothing_is_kept_of_a_user_for_whom_nothing_runs_or_waits() {
        let shares = Shares::of(4);
        let first = shares.take("ada").await;
        let other = shares.take("bob").await;
        // a caller that gives up waiting
        assert!(timeout(Duration::ZERO, shares.take("ada")).await.is_err());
        assert_eq!(shares.lock()["ada"].holders, 1);
        drop(other);
        assert_eq!(shares.lock().len(), 1);
        let next = shares.take("ada");
        drop(first);
        drop(next.await);
        assert!(shares.lock().is_empty());
    }
}
