//! Everything that a command prints. A reader that goes away (`stepup messages | head -1`) is no failure.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// A line on standard output.
pub(crate) fn line(text: impl Display) {
    write(io::stdout().lock(), &text);
}

/// A line on standard error, for people.
pub(crate) fn note(text: impl Display) {
    write(io::stderr().lock(), &text);
}

/// Why the command failed.
pub(crate) fn error(text: impl Display) {
    note(format_args!("stepup: {text}"));
}

fn write(mut to: impl Write, text: &dyn Display) {
    if writeln!(to, "{text}").and_then(|()| to.flush()).is_err() {
        tracing::debug!("nobody reads what is printed");
    }
}
