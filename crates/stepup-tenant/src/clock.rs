//! The tenant's time: the machine's, until a test moves it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use stepup_protocol::time::UnixTime;
use tokio::sync::watch;

/// A clock that can be moved. Clones are the same clock.
///
/// ```
/// use std::time::Duration;
/// use stepup_protocol::time::UnixTime;
/// use stepup_tenant::clock::VirtualClock;
///
/// let clock = VirtualClock::frozen(UnixTime::from_seconds(1_767_225_600));
/// clock.advance(Duration::from_secs(300));
/// assert_eq!(clock.now().seconds(), 1_767_225_900);
/// clock.reset();
/// assert_eq!(clock.now().seconds(), 1_767_225_600);
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock {
    base: Base,
    /// Seconds between the base and this clock.
    offset: Arc<Mutex<i64>>,
    moved: Arc<watch::Sender<()>>,
}

#[derive(Clone, Copy, Debug)]
enum Base {
    Frozen(UnixTime),
    System,
}

impl VirtualClock {
    /// A clock that goes with the machine's.
    #[must_use]
    pub fn system() -> Self {
        Self::on(Base::System)
    }

    /// A clock that stands at `time` until it is moved.
    #[must_use]
    pub fn frozen(time: UnixTime) -> Self {
        Self::on(Base::Frozen(time))
    }

    fn on(base: Base) -> Self {
        Self { base, offset: Arc::default(), moved: Arc::new(watch::channel(()).0) }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.base().seconds().saturating_add(*self.offset()))
    }

    /// Moves the clock on.
    pub fn advance(&self, duration: Duration) {
        let mut offset = self.offset();
        *offset = offset.saturating_add(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX));
        drop(offset);
        self.moved.send_replace(());
    }

    /// Sets the clock to `time`; one that goes with the machine's goes on from there.
    pub fn set(&self, time: UnixTime) {
        *self.offset() = time.seconds().saturating_sub(self.base().seconds());
        self.moved.send_replace(());
    }

    /// Undoes every move.
    pub fn reset(&self) {
        *self.offset() = 0;
        self.moved.send_replace(());
    }

    /// Returns once it is `time`, because it was waited for or because the clock was moved.
    pub async fn reaches(&self, time: UnixTime) {
        let mut moved = self.moved.subscribe();
        loop {
            let Ok(left @ 1..) = u64::try_from(time.seconds().saturating_sub(self.now().seconds())) else {
                return;
            };
            // The sender lives as long as this clock.
            let moved = moved.changed();
            match self.base {
                Base::Frozen(_) => drop(moved.await),
                Base::System => drop(tokio::time::timeout(Duration::from_secs(left), moved).await),
            }
        }
    }

    /// Whether it was moved, and not reset since.
    #[must_use]
    pub fn moved(&self) -> bool {
        *self.offset() != 0
    }

    fn base(&self) -> UnixTime {
        match self.base {
            Base::Frozen(time) => time,
            Base::System => machine_time(),
        }
    }

    fn offset(&self) -> std::sync::MutexGuard<'_, i64> {
        self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::system()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place where the tenant reads the machine's clock"
)]
fn machine_time() -> UnixTime {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_seconds(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
}
