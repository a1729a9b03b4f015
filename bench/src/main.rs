//! Measures what is promised: the SDK's session cookie, the tenant's tokens, discovery, start and memory, one Action.
//!
//! Every figure stands beside the raw primitive that it cannot do without, measured in the same run on the same machine,
//! or beside its promise. Run it with `cargo xtask bench`, which builds everything for release first.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock, and waits for a program to be ready"
)]
#![expect(clippy::print_stdout, reason = "a developer's tool speaks on the terminal")]

mod action;
mod cpu;
mod discovery;
mod load;
mod memory;
mod report;
mod sample;
mod session;
mod start;
mod tenant;
mod token;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

use report::Report;

#[derive(Debug, Parser)]
struct Options {
    /// The `stepup` program, built for release
    #[arg(long)]
    stepup: PathBuf,
    /// Where the figures are written as JSON
    #[arg(long)]
    json: PathBuf,
    /// Where data folders of the measured tenants are made; emptied first
    #[arg(long)]
    scratch: PathBuf,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    if options.scratch.exists() {
        std::fs::remove_dir_all(&options.scratch)?;
    }
    std::fs::create_dir_all(&options.scratch)?;

    let mut report = Report::default();
    report.add(session::opening()?);
    report.add(action::one()?);
    report.extend(start::times(&options.stepup, &options.scratch)?);
    let tenant = tenant::Tenant::start(&options.stepup, &options.scratch.join("load"))?;
    let idle = memory::resident(&tenant)?;
    report.extend(token::client_credentials(&tenant)?);
    report.extend(discovery::requests(&tenant)?);
    report.extend(memory::figures(idle, memory::peak(&tenant)?));
    tenant.stop()?;

    println!("{report}");
    report.write(&options.json)?;
    println!("written to {}", options.json.display());
    Ok(if report.is_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
