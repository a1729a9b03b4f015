//! What the tests need beside the Rust toolchain: Chromium from the system's packages, the rest from pinned manifests.
//! What is there already stays as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::workspace::{output, program, root, succeeds};

/// What the ES module's tests need.
pub(super) fn browser() -> anyhow::Result<()> {
    node()?;
    node_packages("browser")
}

/// What the official packages' tests need.
pub(super) fn interop() -> anyhow::Result<()> {
    node()?;
    node_packages("interop")?;
    python_packages()?;
    chromium()
}

fn node() -> anyhow::Result<()> {
    if succeeds(Command::new("node").arg("--version")) {
        return Ok(());
    }
    bail!(
        "the tests of the browser module need Node.js 20 or newer and npm: install them, or leave these tests out with --only"
    )
}

/// `npm ci`, unless the packages of this very lock file are there.
fn node_packages(folder: &str) -> anyhow::Result<()> {
    let folder_path = root().join(folder);
    let lock = folder_path.join("package-lock.json");
    kept(&lock, &folder_path.join("node_modules/.installed"), || {
        output(&mut program(folder, "npm", ["ci", "--no-audit", "--no-fund"]), "npm")?;
        Ok(())
    })
}

/// A virtual environment beside the manifest, unless one with these very packages is there.
fn python_packages() -> anyhow::Result<()> {
    let folder = root().join("interop");
    kept(&folder.join("requirements.txt"), &folder.join(".venv/.installed"), || {
        output(&mut program("interop", "python3", ["-m", "venv", "--clear", ".venv"]), "venv")?;
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
            "requirements.txt",
        ];
        output(&mut program("interop", ".venv/bin/python", pip), "pip")?;
        Ok(())
    })
}

fn chromium() -> anyhow::Result<()> {
    if PathBuf::from("/usr/bin/chromium").exists() {
        return Ok(());
    }
    for arguments in
        [&["update"][..], &["install", "--yes", "--no-install-recommends", "chromium", "chromium-driver"]]
    {
        let mut command = Command::new("apt-get");
        command.arg("--quiet").args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        output(&mut command, "apt")
            .context("Chromium could not be installed: install the package `chromium`")?;
    }
    Ok(())
}

/// Runs `install` unless `stamp` says that it was run for this content of `manifest`.
fn kept(manifest: &Path, stamp: &Path, install: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let wanted = fs::read(manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    if fs::read(stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
