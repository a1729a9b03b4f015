//! A document of the tenant that is fetched now and then: one fetch at a time, whose failure everybody shares who waited
//! for it; an old copy served while a fetch fails; no failure kept.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use stepup_protocol::time::UnixTime;

use super::ProviderError;

/// How long an old copy is served after a failed fetch, and how long a fetch that found nothing new counts.
const COOLDOWN: Duration = Duration::from_secs(30);

/// The last copy, and the one fetch in flight.
#[derive(Debug)]
pub(super) struct Document<T> {
    copy: Mutex<Option<Copy<T>>>,
    /// Held by the one who fetches; the failure of the last fetch, for those who waited.
    fetching: tokio::sync::Mutex<Option<ProviderError>>,
    fetches: AtomicU64,
}

#[derive(Debug)]
struct Copy<T> {
    document: Arc<T>,
    fetched_at: UnixTime,
    /// When the last fetch began, whatever became of it.
    tried_at: UnixTime,
}

impl<T> Document<T> {
    pub(super) const fn new() -> Self {
        Self {
            copy: Mutex::new(None),
            fetching: tokio::sync::Mutex::const_new(None),
            fetches: AtomicU64::new(0),
        }
    }

    /// The copy if it is younger than `age` or was looked for within the cooldown, else a fresh one.
    ///
    /// The fetch is boxed, as it is rare: every future that looks at a document would have room for it otherwise.
    pub(super) async fn get<'f>(
        &self,
        age: Duration,
        now: UnixTime,
        fetch: impl FnOnce() -> BoxFuture<'f, Result<T, ProviderError>>,
    ) -> Result<Arc<T>, ProviderError> {
        if let Some(document) = self.usable(age, now) {
            return Ok(document);
        }
        let before = self.fetches.load(Ordering::Acquire);
        let mut failure = self.fetching.lock().await;
        if let Some(document) = self.usable(age, now) {
            return Ok(document);
        }
        if self.fetches.load(Ordering::Acquire) > before
            && let Some(failure) = failure.clone()
        {
            return Err(failure);
        }
        let fetched = fetch().await;
        self.fetches.fetch_add(1, Ordering::AcqRel);
        match fetched {
            Ok(document) => Ok(self.store(document, now)),
            Err(error) => {
                *failure = Some(error.clone());
                self.tried(now).ok_or(error)
            }
        }
    }

    fn usable(&self, age: Duration, now: UnixTime) -> Option<Arc<T>> {
        let held = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref()
            .filter(|copy| is_younger(copy.fetched_at, age, now) || is_younger(copy.tried_at, COOLDOWN, now))
            .map(|copy| Arc::clone(&copy.document))
    }

    fn store(&self, document: T, now: UnixTime) -> Arc<T> {
        let document = Arc::new(document);
        let copy = Copy { document: Arc::clone(&document), fetched_at: now, tried_at: now };
        *self.copy.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
        document
    }

    /// Notes a failed fetch; the old copy, if there is one, serves on.
    fn tried(&self, now: UnixTime) -> Option<Arc<T>> {
        let mut held = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_mut().map(|copy| {
            copy.tried_at = now;
            Arc::clone(&copy.document)
        })
    }
}

/// A time to come is long past: the clock was set back since, and nobody knows when.
fn is_younger(time: UnixTime, age: Duration, now: UnixTime) -> bool {
    time <= now + COOLDOWN && now.since(time) < age
}
