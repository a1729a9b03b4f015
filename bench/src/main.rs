//! Measures what is promised of the SDK (sealed values, the layer for axum, what it adds to a verify) and of the tenant
//! (tokens, discovery, start, memory, Actions, challenge and verify with a million authenticators in a file).
//!
//! Every figure stands beside the raw primitive that it cannot do without, measured in the same run on the same machine,
//! or beside its promise; a promise that is not kept is named at the end, and the exit code is 1. What others on the machine
//! take is left out as far as Linux tells it: CPU time is counted, or time without that spent waiting for a core
//! (`stopwatch`), with the cores kept awake where threads hand over to each other (`awake`). Every figure is the median of
//! several rounds. Run it with `cargo xtask bench [SUBJECT]…`, which builds everything for release first;
//! `--minutes 10 memory` watches the memory for longer.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock, and waits for a program to be ready"
)]
#![expect(clippy::print_stdout, reason = "a developer's tool speaks on the terminal")]

mod action;
mod action_added;
mod awake;
mod bare;
mod connection;
mod cpu;
mod discovery;
mod layer;
mod load;
mod memory;
mod mfa_token;
mod million;
mod report;
mod sample;
mod session;
mod start;
mod stopwatch;
mod tenant;
mod token;
mod verify;

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
    time::Duration,
};

use clap::{Parser, ValueEnum};

use awake::Awake;
use report::Report;

#[derive(Debug, Parser)]
struct Options {
    /// The `stepup` program, built for release
    #[arg(long)]
    stepup: PathBuf,
    /// Where the figures are written as JSON
    #[arg(long)]
    json: PathBuf,
    /// Where the data folders of the measured tenants are made. What is in it stays until the next run; the file with a million
    /// authenticators stays for as long as it is of use
    #[arg(long)]
    scratch: PathBuf,
    /// How long the memory is watched under load
    #[arg(long, default_value_t = 0.5, value_name = "MINUTES")]
    minutes: f64,
    /// What to measure; default: everything
    subjects: Vec<Subject>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// One post-login Action: by itself, and in a token request
    Action,
    /// The tenant under load: tokens, discovery, memory
    Load,
    /// The tenant's memory over time, on the file with a million authenticators
    Memory,
    /// Challenge, verify and start with a million authenticators
    Million,
    /// The SDK's sealed values: a session cookie, by itself and through the layer for axum; an MFA token
    Session,
    /// Starting a tenant
    Start,
    /// What the SDK adds to a verify
    Verify,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let scratch = options.scratch.join("run");
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch)?;
    }
    std::fs::create_dir_all(&scratch)?;
    write_back();

    let wanted = |subject| options.subjects.is_empty() || options.subjects.contains(&subject);
    let mut report = Report::default();
    if wanted(Subject::Session) {
        report.add(session::opening()?);
        report.extend(layer::requests()?);
        report.add(mfa_token::seal_and_open()?);
    }
    if wanted(Subject::Action) {
        let _awake = Awake::keep();
        report.add(action::one()?);
        report.add(action_added::to_a_token_request()?);
    }
    if wanted(Subject::Verify) {
        let _awake = Awake::keep();
        report.add(verify::added()?);
    }
    if wanted(Subject::Start) {
        report.extend(start::times(&options.stepup, &scratch)?);
    }
    if wanted(Subject::Load) {
        let tenant = tenant::Tenant::start(&options.stepup, &scratch.join("load"))?;
        let idle = memory::resident(&tenant)?;
        report.extend(token::client_credentials(&tenant)?);
        report.extend(discovery::requests(&tenant)?);
        report.extend(memory::figures(idle, memory::peak(&tenant)?));
        tenant.stop()?;
    }

    if wanted(Subject::Million) {
        let _awake = Awake::keep();
        report.extend(million::speed(&options.stepup, &scratch, &options.scratch)?);
    }
    if wanted(Subject::Memory) {
        let time = Duration::try_from_secs_f64(options.minutes * 60.0)?;
        report.extend(million::memory(&options.stepup, &options.scratch, time)?);
    }

    println!("{report}");
    report.write(&options.json)?;
    println!("written to {}", options.json.display());
    let missed = report.missed();
    for name in &missed {
        println!("MISSED: {name}");
    }
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Waits until the disk has what a build left to write, where the system can: the store's writes would wait behind it.
fn write_back() {
    let _ = Command::new("sync").status();
}
