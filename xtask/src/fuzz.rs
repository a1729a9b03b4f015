//! `cargo xtask fuzz`: builds the fuzz targets and runs each for a while, on what it found before and on the seeds.

use std::{ffi::OsStr, fs, path::Path, process::Command};

use anyhow::{Context, ensure};

use crate::workspace::{program, root, target};

/// What libFuzzer steers by: every edge counted, every comparison seen. The compiler's own passes do it, on stable too.
const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long each target runs
    #[arg(long, default_value_t = 5)]
    seconds: u32,
    /// What to run, of the files in fuzz/targets; default: everything
    targets: Vec<String>,
}

/// Fails at the first target that finds an input which breaks what it asserts, and says where that input lies.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let known = targets()?;
    let unknown = options.targets.iter().find(|name| !known.contains(name));
    ensure!(unknown.is_none(), "there is no target {unknown:?} among {known:?}");
    let chosen = if options.targets.is_empty() { &known } else { &options.targets };

    let host = host()?;
    let folder = target().join("fuzz");
    let mut build = program(".", env!("CARGO"), ["build", "--manifest-path", "fuzz/Cargo.toml", "--locked"]);
    // With a target named, what runs at build time is built as ever.
    build.args(["--target", &host]).arg("--target-dir").arg(&folder).env("RUSTFLAGS", INSTRUMENTED);
    ensure!(build.status()?.success(), "the fuzz targets do not build");

    for name in chosen {
        let program = folder.join(&host).join("debug").join(name);
        let status = fuzz(name, &program, &folder, options.seconds)?.status()?;
        ensure!(status.success(), "{name}: {status}; its input lies in {}", folder.join("found").display());
    }
    println!("\n{} passed, 0 failed", chosen.len());
    Ok(())
}

/// Inputs that led somewhere new are kept for the next run, beside the build.
fn fuzz(name: &str, program: &Path, folder: &Path, seconds: u32) -> anyhow::Result<Command> {
    let (corpus, found) = (folder.join("corpus").join(name), folder.join("found"));
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut command = Command::new(program);
    command
        .arg(format!("-max_total_time={seconds}"))
        .args(["-max_len=4096", "-timeout=20"])
        .arg(format!("-artifact_prefix={}/{name}-", found.display()))
        .arg(corpus)
        .arg(root().join("fuzz/seeds").join(name));
    Ok(command)
}

fn targets() -> anyhow::Result<Vec<String>> {
    let files = fs::read_dir(root().join("fuzz/targets"))?.collect::<Result<Vec<_>, _>>()?;
    let mut names: Vec<String> = files
        .iter()
        .filter_map(|file| file.path().file_stem().and_then(OsStr::to_str).map(str::to_owned))
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// The compiler's own platform.
fn host() -> anyhow::Result<String> {
    let told = program(".", "rustc", ["-vV"]).output().context("cannot run rustc")?;
    let told = String::from_utf8(told.stdout)?;
    let host =
        told.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not say its host")?;
    Ok(host.to_owned())
}
