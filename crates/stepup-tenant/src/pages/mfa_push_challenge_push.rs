//! `/u/mfa-push-challenge-push`: the phone asks; the page moves on by itself.

use askama::Template;

use super::problem::{Alert, SendProblem};
use super::{Frame, html};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// What the phone is called, where it said so.
    pub device: Option<&'a str>,
    /// What came of the notification.
    pub state: State,
    /// Seconds until another one may be sent.
    pub resend_in: u64,
    /// Whether the code of the app may be entered instead.
    pub may_enter_code: bool,
    /// Whether the tick `rememberBrowser` is offered.
    pub may_remember_browser: bool,
    /// Whether it is set.
    pub remembers_browser: bool,
    /// Whether `/u/mfa-login-options` has something else to offer.
    pub has_other_ways: bool,
}

/// What came of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The user denied it.
    Denied,
    /// Nobody answered in time.
    Expired,
    /// It was not sent; where that was too soon, the one before it still waits.
    Unsent(SendProblem),
    /// It waits for an answer.
    Waiting,
}

impl State {
    const fn alert(self) -> Option<Alert> {
        let (code, text) = match self {
            Self::Denied => (
                "transaction-rejected",
                "The request was denied on your phone. If it was not you who asked, someone knows your password: change it.",
            ),
            Self::Expired => (
                "challenge-transaction-expired",
                "Nobody answered in time. Have your phone at hand and send the notification again.",
            ),
            Self::Unsent(SendProblem::Failed) => {
                ("send-push-failed", "The notification could not be sent. Try again, or try another way.")
            }
            Self::Unsent(SendProblem::TooMany(_)) => (
                "too-many-push",
                "Too many notifications were sent. Try another way, or come back in an hour.",
            ),
            Self::Unsent(SendProblem::TooSoon(_)) => (
                "polling-interval-exceeded",
                "We have just sent one. Check your phone: it still waits for your answer.",
            ),
            Self::Waiting => return None,
        };
        Some(Alert { code, text })
    }

    const fn waits(self) -> bool {
        matches!(self, Self::Unsent(SendProblem::TooSoon(_)) | Self::Waiting)
    }

    const fn may_be_sent_again(self) -> bool {
        !matches!(self, Self::Unsent(SendProblem::TooMany(_)))
    }
}

#[derive(Template)]
#[template(path = "mfa_push_challenge_push.html")]
struct Page<'a> {
    view: View<'a>,
    frame: Frame<'a>,
    problem: Option<Alert>,
}

/// The page as HTML. Buttons: `name="action"` with `resend` (send again) and `enter-otp` (the code of the app instead).
/// With scripts off it loads itself again, which would take a tick away: there `remember-browser` and `forget-browser`
/// are buttons.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    html(&Page { view: *view, frame: view.frame, problem: view.state.alert() })
}
