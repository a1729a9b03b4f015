//! `stepup`: a local tenant, the demo application, and debugging aids.
//!
//! One module a command. What a command prints goes through [`output`]; why it fails is a [`failure::Failure`], which is one line
//! and an exit code.

mod action;
mod application;
mod clock;
mod command;
mod config;
mod control;
mod demo;
mod dev;
mod doctor;
mod duration;
mod failure;
mod inspect;
mod messages;
mod output;
mod push;
mod seal;
mod sealed_kind;
mod stop;
mod tenant;
mod walkthrough;

use std::process::ExitCode;

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

#[tokio::main]
async fn main() -> ExitCode {
    log_to_standard_error();
    let outcome = match command::parse() {
        Ok(command) => command.run().await,
        Err(refused) => Err(refused),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::error(&failure);
            failure.exit_code()
        }
    }
}

/// Warnings and worse, or what `RUST_LOG` asks for.
fn log_to_standard_error() {
    let wanted = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(wanted).with_writer(std::io::stderr).with_target(false).init();
}
