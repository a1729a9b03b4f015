//! How long a session lasts.

use std::time::Duration;

use stepup_protocol::time::UnixTime;

/// How long before its end at the identity provider a session is over.
pub(crate) const CEILING_MARGIN: Duration = Duration::from_secs(30);

/// The limits of a session. Both are counted on reading too, so that shortening them ends sessions that are older.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    /// Whether being used makes a session last longer, up to `absolute`.
    pub(crate) rolling: bool,
    /// A rolling session ends when it was not used for this long.
    pub(crate) inactivity: Duration,
    /// Every session ends this long after the login.
    pub(crate) absolute: Duration,
}

impl Lifetime {
    /// When a session that is written now ends.
    pub(crate) fn expiry(&self, created_at: UnixTime, now: UnixTime) -> UnixTime {
        let end = created_at + self.absolute;
        if self.rolling { end.min(now + self.inactivity) } else { end }
    }

    /// Whether a session of that login has lasted as long as any may.
    pub(crate) fn is_over(&self, created_at: UnixTime, now: UnixTime) -> bool {
        created_at + self.absolute <= now
    }

    /// Whether a session that would end at `expires_at` is worth writing again: once a tenth of the inactivity time
    /// has gone by since it was written.
    pub(crate) fn is_due(&self, created_at: UnixTime, expires_at: Option<UnixTime>, now: UnixTime) -> bool {
        let fresh = self.expiry(created_at, now);
        self.rolling && expires_at.is_none_or(|held| fresh.since(held) >= self.inactivity / 10)
    }
}
