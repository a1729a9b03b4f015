//! `/u/mfa-sms-challenge`, `/u/mfa-voice-challenge`, `/u/mfa-email-challenge`: the code that was sent.

use askama::Template;

use super::problem::{Alert, Channel, CodeProblem, SendProblem};
use super::{Frame, html};

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The transaction.
    pub frame: Frame<'a>,
    /// How the code was sent.
    pub channel: Channel,
    /// Where to, masked: see [`super::mask`].
    pub recipient: &'a str,
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
    problem: Option<Alert>,
    code_is_wrong: bool,
}

/// The page as HTML. The button for another code is `name="action" value="resend-code"`.
#[must_use]
pub fn render(view: &View<'_>) -> String {
    let page = match view.channel {
        Channel::Email => "mfa-email-challenge",
        Channel::Sms => "mfa-sms-challenge",
        Channel::Voice => "mfa-voice-challenge",
    };
    let problem = view.problem.map(|problem| match problem {
        Problem::Code(problem) => problem.of_sent_code(),
        Problem::Send(problem) => problem.of(view.channel),
    });
    let code_is_wrong = matches!(view.problem, Some(Problem::Code(_)));
    html(&Page { view: *view, frame: view.frame, page, problem, code_is_wrong })
}
