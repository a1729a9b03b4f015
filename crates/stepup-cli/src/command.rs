//! What may be typed.

use clap::{Parser, Subcommand, error::ErrorKind};

use crate::{action, clock, failure::Failure, inspect, messages, output, seal};

/// Step-up authentication on your own machine: a local tenant, a demo application, and debugging aids.
#[derive(Debug, Parser)]
#[command(name = "stepup", version, propagate_version = true, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

/// A command and its options.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print what the running tenant has sent, one JSON object a line, newest first
    Messages(messages::Arguments),
    /// Print the running tenant's clock, or move it
    Clock(clock::Arguments),
    /// Run post-login Actions without a tenant
    Action(action::Arguments),
    /// Say what a sealed value or a token is, and what is in it
    Inspect(inspect::Arguments),
    /// Seal the JSON on standard input
    Seal(seal::Arguments),
}

/// Reads the command line. Help and version are printed here and end the program.
pub(crate) fn parse() -> Result<Command, Failure> {
    match CommandLine::try_parse() {
        Ok(CommandLine { command }) => Ok(command),
        Err(asked) if matches!(asked.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            output::line(asked.to_string().trim_end());
            std::process::exit(0)
        }
        Err(refused) => {
            let text = refused.to_string();
            let problem = text.split("\n\nUsage:").next().unwrap_or_default().trim_start_matches("error: ");
            Err(Failure::Usage(format!("{problem}\nsee `stepup --help`")))
        }
    }
}

impl Command {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Messages(arguments) => messages::run(&arguments).await,
            Self::Clock(arguments) => clock::run(&arguments).await,
            Self::Action(arguments) => action::run(arguments).await,
            Self::Inspect(arguments) => inspect::run(&arguments),
            Self::Seal(arguments) => seal::run(&arguments),
        }
    }
}
