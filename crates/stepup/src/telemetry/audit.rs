//! The audit log: one shape for all of its events.

/// An event of the audit log.
pub(super) struct Audit<'a> {
    pub(super) name: &'static str,
    pub(super) outcome: &'static str,
    pub(super) subject: Option<&'a str>,
    pub(super) factor: Option<&'static str>,
    pub(super) reason: Option<&'static str>,
}

impl Audit<'_> {
    pub(super) const fn success(name: &'static str) -> Self {
        Self { name, outcome: "success", subject: None, factor: None, reason: None }
    }

    pub(super) const fn failure(name: &'static str, reason: &'static str) -> Self {
        Self { outcome: "failure", reason: Some(reason), ..Self::success(name) }
    }

    pub(super) fn log(self) {
        tracing::info!(
            target: "stepup::audit",
            { "event.name" = self.name, "event.outcome" = self.outcome, "user.id" = self.subject, "stepup.mfa.factor" = self.factor, "error.type" = self.reason },
            "{}",
            self.name
        );
    }
}
