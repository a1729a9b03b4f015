//! `cargo xtask bench`: builds for release, then measures.

use anyhow::ensure;

use crate::workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What to measure: action, load, session, start; default: everything
    subjects: Vec<String>,
}

/// Prints a table of the figures, writes them to `target/bench.json`, and fails where a promise is not kept.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let build =
        workspace::cargo(["build", "--release", "-p", "stepup-bench", "-p", "stepup-cli"]).status()?;
    ensure!(build.success(), "the release build failed");
    let target = workspace::target();
    let release = target.join("release");
    let measured = std::process::Command::new(release.join("stepup-bench"))
        .arg("--stepup")
        .arg(release.join("stepup"))
        .arg("--json")
        .arg(target.join("bench.json"))
        .arg("--scratch")
        .arg(target.join("bench"))
        .args(&options.subjects)
        .status()?;
    ensure!(measured.success(), "a promise is not kept");
    Ok(())
}
