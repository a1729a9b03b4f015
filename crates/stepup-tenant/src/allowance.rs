//! How many calls are left, where they are limited.

use std::time::Duration;

use axum::response::Response;
use http::{HeaderValue, header};
use stepup_protocol::time::UnixTime;

use crate::{state::State, store::StoreError};

/// How long calls are counted together, in seconds.
const STRETCH: i64 = 60;

/// How many calls somebody has left in this minute.
pub(crate) struct Allowance {
    limit: u32,
    remaining: u32,
    resets_at: UnixTime,
    /// How long until all of them are there again.
    pub(crate) opens_in: Duration,
    /// This call was one too many.
    pub(crate) exhausted: bool,
}

impl Allowance {
    /// Counts one call of `subject`, who may make `limit` in a minute.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn take(state: &State, subject: &str, limit: u32) -> Result<Self, StoreError> {
        let full = Self::full(state, limit);
        let began_at = UnixTime::from_seconds(full.resets_at.seconds() - STRETCH);
        let number = state.store.count_in_quota(subject, began_at).await?;
        Ok(Self { remaining: limit.saturating_sub(number), exhausted: number > limit, ..full })
    }

    /// What is announced where calls are not counted.
    pub(crate) fn full(state: &State, limit: u32) -> Self {
        let now = state.clock.now();
        let resets_at = UnixTime::from_seconds(now.seconds() - now.seconds().rem_euclid(STRETCH) + STRETCH);
        let opens_in = resets_at.since(now);
        Self { limit, remaining: limit, resets_at, opens_in, exhausted: false }
    }

    /// The answer with what is left written on it.
    pub(crate) fn announce(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert("x-ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(self.remaining));
        headers.insert("x-ratelimit-reset", HeaderValue::from(self.resets_at.seconds()));
        if self.exhausted {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.opens_in.as_secs()));
        }
        response
    }
}
