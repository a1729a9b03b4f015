//! Points in time as the protocol writes them.

use std::{
    fmt,
    ops::{Add, Sub},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z: `NumericDate` of RFC 7519 section 2, whole seconds.
///
/// ```
/// use std::time::Duration;
/// use stepup_protocol::time::UnixTime;
///
/// let issued = UnixTime::from_seconds(1_767_225_600);
/// assert_eq!((issued + Duration::from_secs(300)).seconds(), 1_767_225_900);
/// assert!(issued < issued + Duration::from_secs(1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(i64);

impl UnixTime {
    /// The time that is `seconds` after the epoch; negative before it.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch, as nextjs-auth0 writes `createdAt` in an MFA token.
    #[must_use]
    pub const fn milliseconds(self) -> i64 {
        self.0.saturating_mul(1000)
    }

    /// How long after `earlier` this is; zero where it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for UnixTime {
    type Output = Self;

    /// Fractions of a second are dropped; the sum stops at the largest value there is.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for UnixTime {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        let end = UnixTime::from_seconds(i64::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(UnixTime::from_seconds(5).since(UnixTime::from_seconds(9)), Duration::ZERO);
        assert_eq!(UnixTime::from_seconds(9).since(UnixTime::from_seconds(5)), Duration::from_secs(4));
    }

    #[test]
    fn is_a_bare_number_in_json() {
        let time = UnixTime::from_seconds(1_767_225_600);
        assert_eq!(serde_json::to_string(&time).unwrap(), "1767225600");
        assert_eq!(serde_json::from_str::<UnixTime>("1767225600").unwrap(), time);
        assert_eq!(time.milliseconds(), 1_767_225_600_000);
    }
}
