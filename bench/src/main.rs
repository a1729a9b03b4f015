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

use clap::{Parser, ValueEnum};

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
    /// What to measure; default: everything
    subjects: Vec<Subject>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// One post-login Action
    Action,
    /// The tenant under load: tokens, discovery, memory
    Load,
    /// Opening a session cookie
    Session,
    /// Starting a tenant
    Start,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    if options.scratch.exists() {
        std::fs::remove_dir_all(&options.scratch)?;
    }
    std::fs::create_dir_all(&options.scratch)?;

    let wanted = |subject| options.subjects.is_empty() || options.subjects.contains(&subject);
    let mut report = Report::default();
    if wanted(Subject::Session) {
        report.add(session::opening()?);
    }
    if wanted(Subject::Action) {
        report.add(action::one()?);
    }
    if wanted(Subject::Start) {
        report.extend(start::times(&options.stepup, &options.scratch)?);
    }
    if wanted(Subject::Load) {
        let tenant = tenant::Tenant::start(&options.stepup, &options.scratch.join("load"))?;
        let idle = memory::resident(&tenant)?;
        report.extend(token::client_credentials(&tenant)?);
        report.extend(discovery::requests(&tenant)?);
        report.extend(memory::figures(idle, memory::peak(&tenant)?));
        tenant.stop()?;
    }

    println!("{report}");
    report.write(&options.json)?;
    println!("written to {}", options.json.display());
    Ok(if report.is_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
