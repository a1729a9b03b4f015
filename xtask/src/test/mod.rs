//! `cargo xtask test`: the stages, in the order in which a mistake shows soonest.

mod count;
mod install;

use std::io::Write;
use std::process::Command;
use std::time::Instant;

use anyhow::bail;
use clap::ValueEnum;

use crate::workspace::{cargo, output, program, succeeds, target};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run these kinds of test only, without the checks of form
    #[arg(long, value_enum)]
    only: Vec<Kind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Format, lints, documentation
    #[value(skip)]
    Form,
    /// Tests beside the code, and the examples of the documentation
    Unit,
    /// The crates' integration tests, over HTTP against the in-process tenant
    Flow,
    /// The fuzz targets, each for a few seconds
    Fuzz,
    /// The ES module and its types
    Browser,
    /// The official packages, and the demo in Chromium
    Interop,
}

/// One line of the report: what must be there first, then a command.
struct Stage {
    kind: Kind,
    name: &'static str,
    install: fn() -> anyhow::Result<()>,
    command: fn() -> Command,
}

const STAGES: &[Stage] = &[
    Stage {
        kind: Kind::Form,
        name: "format",
        install: nothing,
        command: || without_lock("fmt", &["--all", "--check"]),
    },
    Stage {
        kind: Kind::Form,
        name: "fuzz format",
        install: nothing,
        command: || without_lock("fmt", &["--manifest-path", "fuzz/Cargo.toml", "--check"]),
    },
    Stage { kind: Kind::Form, name: "lints", install: nothing, command: lints },
    Stage { kind: Kind::Unit, name: "unit", install: nothing, command: || tests(&["--lib", "--bins"]) },
    Stage {
        kind: Kind::Unit,
        name: "examples",
        install: nothing,
        command: || cargo(["test", "--workspace", "--doc"]),
    },
    Stage { kind: Kind::Flow, name: "flow", install: nothing, command: || tests(&["--test", "*"]) },
    Stage { kind: Kind::Fuzz, name: "fuzz", install: nothing, command: || own("fuzz") },
    Stage { kind: Kind::Form, name: "documentation", install: nothing, command: documentation },
    Stage { kind: Kind::Browser, name: "browser", install: install::browser, command: || npm("test") },
    Stage { kind: Kind::Browser, name: "browser types", install: install::browser, command: || npm("types") },
    Stage {
        kind: Kind::Interop,
        name: "programs",
        install: nothing,
        command: || cargo(["build", "--workspace", "--bins", "--examples"]),
    },
    Stage { kind: Kind::Interop, name: "interop", install: install::interop, command: interop },
];

/// Runs the stages and stops at the first that fails, with all that it printed.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut passed = 0;
    for stage in STAGES {
        if options.only.is_empty() || options.only.contains(&stage.kind) {
            passed += stage.run()?;
        }
    }
    println!("\n{passed} passed, 0 failed");
    Ok(())
}

impl Stage {
    fn run(&self) -> anyhow::Result<usize> {
        print!("{:<14}", self.name);
        std::io::stdout().flush()?;
        #[expect(clippy::disallowed_methods, reason = "the report says how long each stage took")]
        let start = Instant::now();

        let result = (self.install)().and_then(|()| output(&mut (self.command)(), self.name));
        let seconds = start.elapsed().as_secs_f64();
        match result {
            Ok(printed) => {
                let passed = count::passed(&printed);
                let tests = if passed == 0 { String::new() } else { format!("  {passed} passed") };
                println!("{seconds:>8.1} s{tests}");
                Ok(passed)
            }
            Err(error) => {
                println!("{seconds:>8.1} s  FAILED\n");
                bail!("{}: {error:#}", self.name)
            }
        }
    }
}

fn nothing() -> anyhow::Result<()> {
    Ok(())
}

fn without_lock(subcommand: &str, arguments: &[&str]) -> Command {
    let mut command = program(".", env!("CARGO"), [subcommand]);
    command.args(arguments);
    command
}

fn lints() -> Command {
    let mut command = cargo(["clippy", "--workspace", "--all-targets"]);
    command.args(["--", "--deny", "warnings"]);
    command
}

fn documentation() -> Command {
    let mut command = cargo(["doc", "--workspace", "--no-deps", "--lib"]);
    command.env("RUSTDOCFLAGS", "--deny warnings");
    command
}

/// The workspace's tests of some targets: by nextest, which runs each in its own process, or by cargo where that is not installed.
fn tests(targets: &[&str]) -> Command {
    let nextest = succeeds(&mut program(".", env!("CARGO"), ["nextest", "--version"]));
    let mut command = if nextest { cargo(["nextest", "run"]) } else { cargo(["test"]) };
    command.arg("--workspace").args(targets);
    if nextest {
        // A folder of tests may still be empty.
        command.args(["--no-fail-fast", "--no-tests", "pass"]);
    }
    command
}

/// Another of our own tasks, which runs as long as any other program.
fn own(task: &str) -> Command {
    let mut command = cargo(["run", "--quiet", "--package", "xtask"]);
    command.args(["--", task]);
    command
}

fn npm(script: &str) -> Command {
    program("browser", "npm", ["run", "--silent", script])
}

fn interop() -> Command {
    let mut command = program("interop", "node", ["run.mjs"]);
    command.env("STEPUP_BIN", target().join("debug/stepup"));
    command
}
