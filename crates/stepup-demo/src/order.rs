//! A transfer order: what the customer asked for, and how far it has come.
//!
//! The order is kept by the bank while the customer gives the second factor, so nothing is typed twice, a page can be
//! reloaded, and no token travels through the browser.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use stepup::mfa::MfaToken;

use crate::money::Pence;

/// The number of an order, within one customer's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OrderId(u32);

impl OrderId {
    pub(crate) const fn first() -> Self {
        Self(1)
    }

    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for OrderId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A transfer that the customer asked for.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) to: String,
    pub(crate) amount: Pence,
    pub(crate) stage: Stage,
    /// A recovery code that came with the second factor: shown until the customer says that it is kept.
    pub(crate) recovery_code: Option<RecoveryCode>,
}

/// How far an order has come.
#[derive(Clone)]
pub(crate) enum Stage {
    /// Waits for the permission to be asked for.
    Ready,
    /// The tenant wants a second factor first.
    StepUp { mfa_token: MfaToken, step: Step },
    /// The money is gone.
    Done,
}

/// A recovery code, which does not print.
#[derive(Clone)]
pub(crate) struct RecoveryCode(pub(crate) String);

/// What the customer has to do.
#[derive(Clone)]
pub(crate) enum Step {
    /// Enter the code of the app that was enrolled before; `or_confirm`: or prove another factor that the customer has.
    Challenge { or_confirm: bool },
    /// Scan the QR code with an authenticator app, and enter its first code.
    Enroll { secret: String, barcode_uri: String, recovery_code: Option<RecoveryCode> },
}

impl Order {
    pub(crate) fn new(to: String, amount: Pence) -> Self {
        Self { to, amount, stage: Stage::Ready, recovery_code: None }
    }

    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }
}

/// Names the stage and none of its secrets.
impl fmt::Debug for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ready => "Ready",
            Self::StepUp { step: Step::Challenge { .. }, .. } => "StepUp(Challenge)",
            Self::StepUp { step: Step::Enroll { .. }, .. } => "StepUp(Enroll)",
            Self::Done => "Done",
        })
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RecoveryCode")
    }
}
