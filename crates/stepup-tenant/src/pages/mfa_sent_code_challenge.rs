//! `/u/mfa-sms-challenge`, `/u/mfa-voice-challenge`, `/u/mfa-email-challenge`, `/u/login-email-verification`: the code that
//! was sent.

use std::time::Duration;

use askama::Template;

use super::problem::{Alert, Channel, CodeProblem, SendProblem};
use super::{Frame, html, in_words};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// Why it is asked for.
    pub reason: Reason,
    /// How the code was sent.
    pub channel: Channel,
    /// Where to, masked: see [`super::mask`].
    pub recipient: &'a str,
    /// Whether there is a code to enter; `problem` says why not.
    pub sent: bool,
    /// How long it works.
    pub lifetime: Duration,
    /// Seconds until another one may be asked for.
    pub resend_in: u64,
    /// Whether another one has just been sent.
    pub resent: bool,
    /// Whether the tick `rememberBrowser` is offered.
    pub may_remember_browser: bool,
    /// What else can be done.
    pub other_ways: Option<OtherWays>,
    /// Why the last code was not taken, or none was sent.
    pub problem: Option<Problem>,
}

/// Why a code is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// As a second factor.
    SecondFactor,
    /// The login does not look like the user's, who has no factor: the mailbox of the profile stands in.
    UnusualLogin,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The code was not taken.
    Code(CodeProblem),
    /// No code was sent.
    Send(SendProblem),
}

/// What a user can do who gets no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherWays {
    /// Give another address.
    Address,
    /// Prove something else.
    Challenge,
    /// Give another number.
    Number,
}

impl OtherWays {
    const fn page(self) -> &'static str {
        match self {
            Self::Address => "mfa-email-enrollment",
            Self::Challenge => "mfa-login-options",
            Self::Number => "mfa-phone-enrollment",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Address => "Use another address",
            Self::Challenge => "Try another way",
            Self::Number => "Use another number",
        }
    }
}

#[derive(Template)]
#[template(path = "mfa_sent_code_challenge.html")]
struct Page<'a> {
    view: View<'a>,
    frame: Frame<'a>,
    page: &'static str,
    title: &'static str,
    lifetime: String,
    problem: Option<Alert>,
    code_is_wrong: bool,
}

/// The page as HTML. The button for another code is `name="action" value="resend-code"`.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    let (page, title) = match (view.reason, view.channel) {
        (Reason::UnusualLogin, _) => ("login-email-verification", "Check your email"),
        (Reason::SecondFactor, Channel::Email) => ("mfa-email-challenge", "Check your email"),
        (Reason::SecondFactor, Channel::Sms) => ("mfa-sms-challenge", "Check your messages"),
        (Reason::SecondFactor, Channel::Voice) => ("mfa-voice-challenge", "Answer your phone"),
    };
    let title = if view.sent { title } else { "No code was sent" };
    let problem = view.problem.map(|problem| match problem {
        Problem::Code(problem) => problem.of_sent_code(),
        Problem::Send(problem) if view.reason == Reason::UnusualLogin => problem.of_the_only_email(),
        Problem::Send(problem) => problem.of(view.channel),
    });
    let code_is_wrong = matches!(view.problem, Some(Problem::Code(_)));
    let lifetime = in_words(view.lifetime);
    html(&Page { view: *view, frame: view.frame, page, title, lifetime, problem, code_is_wrong })
}
