//! Why a command did not do what it was asked.

use std::{error::Error, fmt, process::ExitCode};

/// One line, and the exit code that goes with it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Bad usage or configuration: exit code 2.
    Usage(String),
    /// Anything else: exit code 1.
    Other(String),
}

impl Failure {
    /// A failure told by an error and the errors behind it.
    pub(crate) fn other(error: &(dyn Error + 'static)) -> Self {
        Self::Other(chain(error))
    }

    /// Usage or configuration that an error tells.
    pub(crate) fn usage(error: &(dyn Error + 'static)) -> Self {
        Self::Usage(chain(error))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Other(_) => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    /// One line, whatever was put in.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Usage(text) | Self::Other(text)) = self;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        formatter.write_str(lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| write!(formatter, " · {line}"))
    }
}

/// The error and its causes, joined by colons.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line() {
        assert_eq!(Failure::Other("one\n\n  two\n".to_owned()).to_string(), "one · two");
    }
}
