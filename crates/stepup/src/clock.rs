//! Where the time comes from.

use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use stepup_protocol::time::UnixTime;

/// The time of day, and its passing. Tests bring one that they can move.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Whole seconds since 1970.
    fn now(&self) -> UnixTime;

    /// Returns when `duration` has passed: by tokio's timer unless told otherwise. A clock that is moved by hand answers for
    /// its own time.
    fn wait(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The machine's clock: the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the SDK asks the system for the time")]
    fn now(&self) -> UnixTime {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        UnixTime::from_seconds(0) + since_epoch
    }
}
