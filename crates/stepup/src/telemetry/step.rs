//! One call of a step-up: its span, and its place in the funnel.

use std::future::Future;

use metrics::counter;
use stepup_protocol::error::code;
use tracing::{Instrument as _, field::Empty};

use super::{audit::Audit, reason::known};
use crate::{mfa::Operation, wire_error::WireError};

/// One call of a step-up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'a> {
    pub(crate) operation: Operation,
    /// What it is done with, where that is known.
    pub(crate) factor: Option<&'static str>,
    /// Whose step-up it is, where that is known.
    pub(crate) subject: Option<&'a str>,
    /// Whether a verify confirms an authenticator that a logged-in user adds: nobody asked for that proof.
    pub(crate) adds: bool,
}

impl Step<'_> {
    /// Runs `call` in its span and counts what becomes of it.
    pub(crate) async fn run<T, E: WireError>(self, call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let span = tracing::info_span!(
            "stepup.mfa",
            "stepup.mfa.operation" = self.operation.as_str(),
            "stepup.mfa.factor" = self.factor,
            "user.id" = self.subject,
            "error.type" = Empty,
        );
        let result = call.instrument(span.clone()).await;
        match &result {
            Ok(_) => self.succeeded(),
            Err(error) => {
                let reason = known(&error.code());
                span.record("error.type", reason);
                self.failed(reason);
            }
        }
        result
    }

    fn succeeded(self) {
        let factor = self.factor.unwrap_or("unknown");
        let event = match self.operation {
            Operation::Enroll => {
                counter!("stepup_mfa_enrolled_total", "factor" => factor).increment(1);
                "mfa_enrolled"
            }
            Operation::Challenge => {
                counter!("stepup_mfa_challenged_total", "factor" => factor).increment(1);
                "mfa_challenged"
            }
            Operation::Verify if self.adds => "authenticator_added",
            Operation::Verify => {
                counter!("stepup_mfa_verified_total", "factor" => factor).increment(1);
                "mfa_verified"
            }
            Operation::Delete => "authenticator_deleted",
            Operation::List => return,
        };
        Audit { subject: self.subject, factor: self.factor, ..Audit::success(event) }.log();
    }

    fn failed(self, reason: &'static str) {
        match reason {
            // The phone has not been answered yet.
            code::AUTHORIZATION_PENDING | code::SLOW_DOWN => return,
            // The proof was right, and an Action wants another one.
            code::MFA_REQUIRED if self.operation == Operation::Verify => return self.succeeded(),
            _ => {}
        }
        counter!(
            "stepup_mfa_failed_total",
            "operation" => self.operation.as_str(),
            "factor" => self.factor.unwrap_or("unknown"),
            "reason" => reason,
        )
        .increment(1);
        Audit { subject: self.subject, factor: self.factor, ..Audit::failure("mfa_failed", reason) }.log();
    }
}
