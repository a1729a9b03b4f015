//! What every page of the dashboard has around it.

use stepup_protocol::time::UnixTime;

use super::{admit::Admin, assets};
use crate::{log::rfc3339, state::Shared};

/// The pages, in the order of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Security,
    Users,
    Actions,
    Logins,
    Inbox,
    Devices,
    Logs,
}

impl Section {
    pub(super) const ALL: [Self; 8] = [
        Self::Overview,
        Self::Security,
        Self::Users,
        Self::Actions,
        Self::Logins,
        Self::Inbox,
        Self::Devices,
        Self::Logs,
    ];

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/dashboard",
            Self::Security => "/dashboard/security",
            Self::Users => "/dashboard/users",
            Self::Actions => "/dashboard/actions",
            Self::Logins => "/dashboard/logins",
            Self::Inbox => "/dashboard/inbox",
            Self::Devices => "/dashboard/devices",
            Self::Logs => "/dashboard/logs",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Security => "Multi-factor Auth",
            Self::Users => "Users",
            Self::Actions => "Actions",
            Self::Logins => "Logins",
            Self::Inbox => "Inbox",
            Self::Devices => "Devices",
            Self::Logs => "Logs",
        }
    }
}

/// What surrounds a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) tenant: &'a str,
    pub(super) domain: &'a str,
    pub(super) section: Section,
    /// Who is logged in, where that was asked.
    pub(super) admin: Option<&'a str>,
    pub(super) now: UnixTime,
    /// Whether the tenant's clock was moved.
    pub(super) clock_moved: bool,
}

impl<'a> Frame<'a> {
    pub(super) fn new(shared: &'a Shared, section: Section, admin: &'a Admin) -> Self {
        Self {
            tenant: &shared.config.friendly_name,
            domain: shared.issuer.domain(),
            section,
            admin: admin.email.as_deref(),
            now: shared.clock.now(),
            clock_moved: shared.clock.moved(),
        }
    }

    /// A time in words: `3 min ago`.
    pub(super) fn ago(&self, then: UnixTime) -> String {
        ago(self.now.seconds() - then.seconds())
    }

    /// A time to the second, for who wants to know exactly.
    #[expect(clippy::unused_self, reason = "templates reach it through the frame, as `ago`")]
    pub(super) fn exact(&self, then: UnixTime) -> String {
        Moment::from(then).exact
    }

    /// What the tenant's clock shows.
    pub(super) fn time(&self) -> String {
        self.exact(self.now)
    }

    pub(super) fn stylesheet(&self) -> &'static str {
        assets::stylesheet()
    }

    pub(super) fn script(&self) -> &'static str {
        assets::script()
    }
}

/// A time in the forms of `<time>`.
#[derive(Debug, PartialEq)]
pub(super) struct Moment {
    /// As programs read it.
    pub(super) datetime: String,
    /// To the second, with its day.
    pub(super) exact: String,
    /// The time of day alone, where many of one day stand together.
    pub(super) of_day: String,
}

impl From<UnixTime> for Moment {
    fn from(time: UnixTime) -> Self {
        let datetime = rfc3339(time);
        let (day, of_day) = datetime.trim_end_matches(".000Z").split_once('T').unwrap_or_default();
        Self { exact: format!("{day} {of_day} UTC"), of_day: of_day.to_owned(), datetime }
    }
}

/// Seconds in words. What lies ahead is said so, since the clock can be moved back.
fn ago(seconds: i64) -> String {
    let (amount, unit) = match seconds.unsigned_abs() {
        0..5 => return "now".to_owned(),
        seconds @ 5..60 => (seconds, "s"),
        seconds @ 60..3600 => (seconds / 60, "min"),
        seconds @ 3600..86_400 => (seconds / 3600, "h"),
        seconds => (seconds / 86_400, "d"),
    };
    if seconds < 0 { format!("in {amount} {unit}") } else { format!("{amount} {unit} ago") }
}

#[cfg(test)]
mod tests {
    use super::ago;

    #[test]
    fn times_in_words() {
        for (seconds, words) in [
            (0, "now"),
            (4, "now"),
            (59, "59 s ago"),
            (60, "1 min ago"),
            (7_199, "1 h ago"),
            (90_000, "1 d ago"),
            (-61, "in 1 min"),
        ] {
            assert_eq!(ago(seconds), words);
        }
    }
}
