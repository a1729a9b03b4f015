//! What a check found, and the lines that tell it.

use serde_json::json;

use crate::{failure::Failure, output};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// The checks as they are told, one line each.
pub(super) struct Report {
    json: bool,
    checks: usize,
    failed: Vec<String>,
}

impl Report {
    pub(super) const fn new(json: bool) -> Self {
        Self { json, checks: 0, failed: Vec::new() }
    }

    pub(super) fn ok(&mut self, check: &str, detail: impl Into<String>) {
        self.tell(Verdict::Ok, check, &detail.into(), None);
    }

    /// It works, and should not stay so; or nothing can be said. `change` says what to do about it.
    pub(super) fn warn(&mut self, check: &str, detail: impl Into<String>, change: impl Into<String>) {
        self.tell(Verdict::Warn, check, &detail.into(), Some(&change.into()));
    }

    /// It does not work. `change` says what to change where.
    pub(super) fn fail(&mut self, check: &str, detail: impl Into<String>, change: impl Into<String>) {
        self.failed.push(check.to_owned());
        self.tell(Verdict::Fail, check, &detail.into(), Some(&change.into()));
    }

    pub(super) fn has_failed(&self, check: &str) -> bool {
        self.failed.iter().any(|failed| failed == check)
    }

    /// A failure where anything failed.
    pub(super) fn outcome(&self) -> Result<(), Failure> {
        match self.failed.len() {
            0 => Ok(()),
            failed => Err(Failure::Other(format!("{failed} of {} checks failed", self.checks))),
        }
    }

    fn tell(&mut self, verdict: Verdict, check: &str, detail: &str, change: Option<&str>) {
        self.checks += 1;
        if self.json {
            let word = match verdict {
                Verdict::Ok => "ok",
                Verdict::Warn => "warn",
                Verdict::Fail => "fail",
            };
            output::line(json!({ "check": check, "verdict": word, "detail": detail, "change": change }));
            return;
        }
        output::line(line(verdict, check, detail, change));
    }
}

/// A check as people read it. The tenant's own words are in it: whoever wrote those does not write to the terminal.
fn line(verdict: Verdict, check: &str, detail: &str, change: Option<&str>) -> String {
    let mark = match verdict {
        Verdict::Ok => "ok  ",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    };
    let change = change.map(|change| format!(" → {change}")).unwrap_or_default();
    format!("{mark} {check}: {detail}{change}").replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_whatever_the_tenant_says() {
        assert_eq!(
            line(Verdict::Fail, "login", "access_denied (No\n\u{1b}[2J\u{9b}31m!)", Some("ask why")),
            "FAIL login: access_denied (No  [2J 31m!) → ask why"
        );
        assert_eq!(line(Verdict::Ok, "keys", "1 for signatures", None), "ok   keys: 1 for signatures");
    }
}
