//! Where the time comes from.

use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use stepup_protocol::time::UnixTime;

/// How far the tenant's clock and ours may be apart.
pub(crate) const LEEWAY: Duration = Duration::from_secs(30);

/// The time of day, and its passing. Tests bring one that they can move.
///
/// ```
/// use std::{sync::atomic::{AtomicI64, Ordering}, time::Duration};
/// use stepup::{Clock, UnixTime};
///
/// #[derive(Debug)]
/// struct Hands(AtomicI64);
///
/// impl Clock for Hands {
///     fn now(&self) -> UnixTime {
///         UnixTime::from_seconds(self.0.load(Ordering::Relaxed))
///     }
/// }
///
/// let clock = Hands(AtomicI64::new(1_767_225_600));
/// clock.0.fetch_add(300, Ordering::Relaxed);
/// assert_eq!(clock.now(), UnixTime::from_seconds(1_767_225_600) + Duration::from_secs(300));
/// ```
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
