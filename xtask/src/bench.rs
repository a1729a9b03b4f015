//! `cargo xtask bench`: builds for release, then measures.

use anyhow::ensure;

use crate::workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long the tenant's memory is watched under load
    #[arg(long, default_value_t = 0.5)]
    minutes: f64,
    /// What to measure: action, load, memory, million, session, start, verify; default: everything
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
        .arg("--minutes")
        .arg(options.minutes.to_string())
        .args(&options.subjects)
        .status()?;
    ensure!(measured.success(), "a promise is not kept");
    Ok(())
}
